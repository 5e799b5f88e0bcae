// Goes through the stretches of a review, one after the other, by buttons or keys.
(() => {
  const links = Array.from(document.querySelectorAll(".look a.go"));
  const steps = document.querySelector(".steps");
  let at = -1;
  const mark = (number) => {
    links[at]?.closest(".look").classList.remove("here");
    at = number;
    links[at].closest(".look").classList.add("here");
    steps.querySelector("span").textContent = `${at + 1} of ${links.length}`;
  };
  const step = (way) => {
    const next = at + way;
    if (next >= 0 && next < links.length) links[next].click();
  };
  for (const [number, link] of links.entries()) link.addEventListener("click", () => mark(number));
  for (const [number, link] of links.entries())
    link.closest(".look").addEventListener("click", () => number !== at && mark(number));
  for (const button of steps.querySelectorAll("button"))
    button.addEventListener("click", () => step(Number(button.dataset.step)));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input")) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
  });
})();
