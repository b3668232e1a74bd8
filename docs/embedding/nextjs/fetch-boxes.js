// On the server: the boxes as HTML, cached by Next.js for five seconds; an empty string while the service is away.
export async function fetchBox(box, articleId, limit) {
  const query = new URLSearchParams({ article_id: articleId, limit });
  try {
    const response = await fetch(`${process.env.RECOMMENDER_URL}/embed/${box}?${query}`, {
      next: { revalidate: 5 },
      signal: AbortSignal.timeout(500),
    });
    return response.ok ? await response.text() : "";
  } catch {
    return "";
  }
}
