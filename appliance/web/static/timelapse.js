// The pictures of a camera's time-lapse, one at a time: asked for when somebody opens them.

import { make, say } from "./dom.js";
import { ask } from "./link.js";
import { date, clock } from "./times.js";
import { t } from "./translate.js";

export function makeTimelapse(name) {
  const says = make("p", { class: "quiet" });
  const image = make("img", { alt: "" });
  const time = make("p", { class: "digits" });
  const slider = make("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": t("Which picture of the time-lapse of {name}", { name }) });
  const parts = make("div", { class: "lapse" }, make("div", { class: "picture" }, image), time, slider);
  const whole = make("details", { class: "timelapse" }, make("summary", {}, t("Time-lapse")), says, parts);
  let pictures = [];
  const draw = () => {
    const one = pictures[Number(slider.value)];
    if (!one) return;
    const at = new Date(one.at);
    image.setAttribute("src", one.path);
    image.setAttribute("alt", t("{name}, {time}", { name, time: `${date(at)} ${clock(at)}` }));
    say(time, `${date(at)} ${clock(at)}`);
    slider.setAttribute("aria-valuetext", time.textContent);
  };
  whole.addEventListener("toggle", async () => {
    if (!whole.open) return;
    try {
      ({ pictures } = await ask(`/api/cameras/${encodeURIComponent(name)}/timelapse`));
      slider.max = Math.max(0, pictures.length - 1);
      slider.value = slider.max;
      parts.hidden = pictures.length === 0;
      say(says, pictures.length ? "" : t("No picture yet: they are taken while surplus is available and inference runs."));
      draw();
    } catch (error) {
      say(says, error.message);
    }
  });
  slider.addEventListener("input", draw);
  return whole;
}
