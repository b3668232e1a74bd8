"""What readers were shown and what they clicked, by box, place, source and ranking variant.

Answers are cached and shared, so an answer is no impression: the page tells what was in sight. What it tells of is
named by a receipt, the answer's ``request_id``, which says itself what the list was.
"""
