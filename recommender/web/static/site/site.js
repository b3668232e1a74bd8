// A picture that does not arrive leaves its place empty, without the browser's mark.

for (const image of document.querySelectorAll(".picture img")) {
  const hide = () => { image.hidden = true; };
  if (image.loading === "eager" && image.complete && image.naturalWidth === 0) hide();
  image.addEventListener("error", hide);
}
