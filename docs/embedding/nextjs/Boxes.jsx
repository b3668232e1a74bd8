"use client";
// The boxes in a Next.js app: <Boxes articleId={article.id} /> at the end of an article page.
import Script from "next/script";
import { useEffect } from "react";

const SERVICE = process.env.NEXT_PUBLIC_RECOMMENDER_URL; // https://boxes.news.example

export default function Boxes({ articleId }) {
  // The script stays while readers go from page to page; each article is told to it, and counts as one view.
  const show = () => window.recommender?.render({ articleId });
  useEffect(() => { show(); }, [articleId]);
  return (
    <>
      <aside key={`related ${articleId}`} data-recommender="related" />
      <aside key={`trending ${articleId}`} data-recommender="trending" />
      <Script src={`${SERVICE}/widgets.js`} onReady={show} />
    </>
  );
}
