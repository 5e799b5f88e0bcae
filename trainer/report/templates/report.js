"use strict";
// Reads ribbons out, plays videos from where one was clicked, and moves the playhead along.
// Words of strangers (names of classes, sequences, files) only ever become text.
(() => {
  const page = document.documentElement;
  const player = document.getElementById("player");
  const video = player.querySelector("video");
  const tip = document.getElementById("tip");
  const part = (name) => player.querySelector(name);
  const legend = JSON.parse(document.querySelector("script.classes")?.textContent ?? "[]");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const read = new WeakMap(); // section -> facts
  const chosen = new Map(); // section -> the file that a reader gave for it alone
  const named = new Map(); // name of a video -> the file of that name, of several given at once
  let tipped = null; // where the tip points to
  let shown = null; // the section whose video is in the player
  let wanted = null; // seconds to go to once the video is open

  const make = (tag, text, name = "") => {
    const made = document.createElement(tag);
    made.textContent = text;
    made.className = name;
    return made;
  };
  const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
  const clock = (seconds) => {
    const whole = Math.floor(Math.max(seconds, 0) + 1e-6);
    const two = (value) => String(value).padStart(2, "0");
    return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  };
  const precise = (seconds) => {
    const tenths = Math.floor(10 * Math.max(seconds, 0) + 1e-5);
    return `${clock(tenths / 10)}.${tenths % 10}`;
  };
  const straight = (xs, ys, x) => {
    let i = 1;
    while (i < xs.length - 1 && xs[i] < x) i++;
    const width = xs[i] - xs[i - 1];
    return width > 0 ? ys[i - 1] + ((x - xs[i - 1]) / width) * (ys[i] - ys[i - 1]) : ys[i - 1];
  };

  // What is known of a section, unpacked when it is first pointed at.
  const facts = (section) => {
    if (!read.has(section)) {
      const told = JSON.parse(section.querySelector("script").textContent);
      const rows = (told.rows ?? []).map((row) => ({
        name: row.name,
        labels: unrolled(row.labels ?? row.marks),
        sure: row.sure ? Array.from(atob(row.sure), (byte) => byte.charCodeAt(0)) : null,
      }));
      const kind = (told.rows ?? []).some((row) => row.marks) ? "sets" : "classes";
      const size = told.places ? told.places[told.places.length - 1] : 1;
      read.set(section, { ...told, rows, kind, size, at: 0, curves: curvesOf(section) });
    }
    return read.get(section);
  };
  const unrolled = (runs) => {
    const labels = [];
    for (let i = 0; i < runs.length; i += 2)
      for (let n = 0; n < runs[i + 1]; n++) labels.push(runs[i]);
    return labels;
  };
  const curvesOf = (section) =>
    Array.from(section.querySelectorAll(".pic svg"), (svg) => ({
      name: svg.dataset.name,
      steps: svg.viewBox.baseVal.width,
      range: svg.dataset.high - svg.dataset.low,
      value: (y) => svg.dataset.high - (y / 1000) * (svg.dataset.high - svg.dataset.low),
      lines: Array.from(svg.querySelectorAll("path"), (path) =>
        Array.from(path.getAttribute("d").matchAll(/([\d.e+-]+),([\d.e+-]+)/g), (found) => [
          Number(found[1]),
          Number(found[2]),
        ]),
      ),
    }));

  const secondsAt = (told, x) =>
    told.size > 1 ? straight(told.places, told.times, x * told.size) - told.zero : 0;
  const xAt = (told, seconds) =>
    told.size > 1 ? straight(told.times, told.places, seconds + told.zero) / told.size : 0;
  const placeOf = (told, x) => clamp(Math.floor(x * told.size), 0, told.size - 1);

  // What is said about a place: [row, text, colour or ""], ..., and whether it is wrong.
  const said = (section, x) => {
    const told = facts(section);
    const place = placeOf(told, x);
    if (told.curves.length) return told.curves.map((curve) => numbers(told, curve, x));
    return told.kind === "sets" ? sets(told, place) : classes(told, place);
  };
  const classes = (told, place) => {
    const truth = told.rows[0]?.labels[place];
    return told.rows.map((row, number) => {
      const label = row.labels[place];
      const known = label >= 0;
      let text = known ? legend[label][0] : number ? "no answer" : "no label";
      if (row.sure && row.sure[place] <= 100) text += `, ${row.sure[place]} % sure`;
      if (number && known && truth >= 0) text += label === truth ? " ✓" : told.part ? " ✗ not the label" : " ✗ wrong";
      return [row.name, text, known ? legend[label][1] : ""];
    });
  };
  const sets = (told, place) => {
    const marks = told.rows.map((row) => [row.name, row.labels[place]]);
    const named = (bit) => marks.filter(([, mark]) => mark > 0 && mark & bit).map(([name]) => name);
    if (marks.length && marks.every(([, mark]) => mark < 0)) return [["true", "no label", ""]];
    const [truth, ...lists] = [2, 1, 4].map((bit) => named(bit).join(", ") || "none");
    const rows = lists.map((list, number) => {
      const name = number ? "decoded" : "predicted";
      return [name, list + (list === truth ? " ✓" : " ✗ wrong"), ""];
    });
    return [["true", truth, ""], ...rows.slice(0, told.decoded ? 2 : 1)];
  };
  const numbers = (told, curve, x) => {
    const place = x * curve.steps;
    const texts = curve.lines.map((points) => {
      const half = told.stretch / 2;
      const near = points.filter(([at]) => at - half <= place && place < at + half);
      const values = near.map(([, y]) => curve.value(y));
      if (!values.length) return "–";
      // As fine as the picture is.
      const digits = clamp(Math.ceil(Math.log10(1000 / curve.range)), 0, 12);
      const [low, high] = [Math.min(...values), Math.max(...values)].map((v) => Number(v.toFixed(digits)));
      return low === high ? String(low) : `${low} to ${high}`;
    });
    return [curve.name, `true ${texts[0]}, predicted ${texts[1]}`, ""];
  };
  const sentence = (section, x) => {
    const rows = said(section, x).map(([name, text]) => `${name}: ${text}`);
    return [precise(secondsAt(facts(section), x)), ...rows].join("; ");
  };
  const write = (element, section, x) => {
    const rows = said(section, x).map(([name, text, colour]) => {
      const row = make("div", "");
      row.append(make("span", name));
      if (colour) row.append(make("i", ""));
      if (colour) row.lastChild.style.background = colour;
      row.append(make("span", text));
      return row;
    });
    element.replaceChildren(make("b", precise(secondsAt(facts(section), x))), ...rows);
  };

  // The tip beside a ribbon.
  const track = (section) => section.querySelector(".axis.pic") ?? section.querySelector(".pic");
  const showTip = (section, x) => {
    tipped = { section, x };
    write(tip, section, x);
    tip.hidden = false;
    section.style.setProperty("--over", `${100 * x}%`);
    section.classList.add("over");
    const rail = track(section).getBoundingClientRect();
    const top = section.querySelector(".pic").getBoundingClientRect().top;
    const left = rail.left + x * rail.width - tip.offsetWidth / 2;
    tip.style.left = `${clamp(left, 8, Math.max(page.clientWidth - tip.offsetWidth - 8, 8))}px`;
    const above = top - tip.offsetHeight - 8;
    const below = rail.bottom + 8;
    const fits = below + tip.offsetHeight < innerHeight - player.offsetHeight;
    tip.style.top = `${above >= 4 || rail.bottom < 0 ? above : fits ? below : 4}px`;
  };
  const keepTip = () => {
    if (!tip.hidden) showTip(tipped.section, tipped.x);
  };
  const hideTip = () => {
    tip.hidden = true;
    for (const section of document.querySelectorAll(".over")) section.classList.remove("over");
  };

  // The playhead.
  const place = (section, x) => {
    const told = facts(section);
    told.at = clamp(x, 0, 1);
    section.style.setProperty("--at", `${100 * told.at}%`);
    section.classList.add("placed");
    const slider = section.querySelector("[role=slider]");
    if (slider) {
      slider.setAttribute("aria-valuenow", secondsAt(told, told.at).toFixed(1));
      if (section !== shown || video.paused) // Not sixty times a second.
        slider.setAttribute("aria-valuetext", sentence(section, told.at));
    }
    if (section === shown) write(part(".said"), section, told.at);
  };
  let before = 0; // the second of the video at which the playhead was last
  const follow = () => {
    if (!shown || !video.readyState || video.seeking || wanted !== null) return;
    place(shown, xAt(facts(shown), video.currentTime));
    const { stop } = facts(shown); // Where a stretch that is looked at is over.
    if (before < stop && video.currentTime >= stop) video.pause();
    before = video.currentTime;
  };
  const run = () => {
    follow();
    if (!video.paused && !video.ended && !calm.matches) requestAnimationFrame(run);
  };
  const seek = (section, x) => {
    place(section, x);
    if (section !== shown) return;
    const seconds = Math.max(secondsAt(facts(section), x), 0);
    if (video.readyState) video.currentTime = seconds;
    else wanted = seconds;
  };

  // Which file to play. Videos of different folders may have the same name.
  const nameOf = (told) => told.video?.name || told.id;
  const alone = (name) => {
    const told = Array.from(document.querySelectorAll(".strip script"), (e) => JSON.parse(e.textContent));
    return told.filter((one) => nameOf(one) === name).length === 1;
  };
  const sourceOf = (section) => {
    const told = facts(section);
    const [known, other] = [told.video?.uri, named.get(nameOf(told))];
    return chosen.get(section) ?? (told.broken ? (other ?? known) : (known ?? other));
  };

  // The player.
  const play = () => video.play().catch(() => {}); // Browsers may want a click first.
  const problem = (text) => {
    part(".problem").textContent = text;
    part(".problem").hidden = !text;
    video.hidden = Boolean(text) && !video.readyState;
    measure();
  };
  const measure = () => {
    page.style.setProperty("--dock", player.hidden ? "0px" : `${player.offsetHeight}px`);
  };
  const load = (section) => {
    const told = facts(section);
    if (shown) shown.classList.remove("playing");
    shown = section;
    section.classList.add("playing");
    part(".name").textContent = told.id;
    part(".mistakes").hidden = told.part || !told.rows.length;
    const source = sourceOf(section);
    video.removeAttribute("src");
    player.hidden = false;
    if (source) {
      video.hidden = false;
      problem("");
      video.src = source;
    } else {
      video.load();
      video.hidden = true;
      const why = told.video?.problem || "the report does not know where the video of this sequence is";
      problem(`Nothing to play: ${why}. Choose the video to play it here.`);
    }
  };
  const open = (section, x) => {
    if (section !== shown || !video.hasAttribute("src") || video.error) load(section);
    seek(section, x);
    if (video.hasAttribute("src")) play();
    section.scrollIntoView({ block: "nearest" });
  };
  const close = () => {
    video.pause();
    video.removeAttribute("src");
    video.load();
    shown?.classList.remove("playing");
    track(shown)?.focus({ preventScroll: true });
    shown = null;
    player.hidden = true;
    measure();
  };
  const choose = (files) => {
    if (!shown || !files.length) return;
    if (files.length === 1) keep(chosen, shown, files[0]);
    else for (const file of files) if (alone(file.name)) keep(named, file.name, file);
    again();
    const name = nameOf(facts(shown));
    if (!video.hasAttribute("src") && !alone(name))
      problem(`Several sequences have a video named ${name}. Choose the one of this sequence alone.`);
  };
  const keep = (files, key, file) => {
    if (files.has(key)) URL.revokeObjectURL(files.get(key));
    files.set(key, URL.createObjectURL(file));
  };
  const again = () => {
    const at = facts(shown).at;
    load(shown);
    seek(shown, at);
    if (video.hasAttribute("src")) play();
  };
  video.addEventListener("loadedmetadata", () => {
    if (wanted !== null) video.currentTime = wanted;
    wanted = null;
    const told = facts(shown);
    const end = secondsAt(told, 1);
    const far = !told.part && told.size > 1 && Number.isFinite(video.duration) && Math.abs(video.duration - end) > Math.max(2, 0.02 * end);
    problem(far ? `This video lasts ${clock(video.duration)}, the sequence ${clock(end)}: is it the right one?` : "");
  });
  video.addEventListener("error", () => {
    if (!shown || !video.getAttribute("src")) return;
    const told = facts(shown);
    if (video.getAttribute("src") === told.video?.uri && !told.broken) {
      told.broken = true;
      if (sourceOf(shown) !== told.video.uri) return again();
    }
    const name = told.video?.name ?? "This file";
    const where = told.video?.uri ? decodeURI(told.video.uri.slice("file://".length)) : "";
    problem(
      `${name} cannot be played. Either it is no longer at ${where || "its place"}, as when the report was ` +
        "moved, or this browser does not know its format. Choose the video, or a copy of it as MP4 (H.264) or WebM.",
    );
    video.hidden = true;
  });
  for (const name of ["timeupdate", "seeked"]) video.addEventListener(name, follow);
  video.addEventListener("play", run);
  part(".close").addEventListener("click", close);
  part("input").addEventListener("change", (event) => {
    choose(Array.from(event.target.files));
    event.target.value = ""; // So that the same file can be chosen for the next sequence.
  });

  // Mistakes.
  const wrongAt = (told, n) => {
    const amiss = (mark) => mark > 0 && (told.decoded ? mark !== 7 : mark !== 3);
    if (told.kind === "sets") return told.rows.some((row) => amiss(row.labels[n]));
    const truth = told.rows[0].labels[n];
    return truth >= 0 && told.rows.slice(1).some((row) => row.labels[n] >= 0 && row.labels[n] !== truth);
  };
  const nextMistake = (section, way) => {
    const told = facts(section);
    if (!told.rows.length) return;
    video.pause(); // A mistake is to be looked at.
    const begins = (n) => wrongAt(told, n) && (n === 0 || !wrongAt(told, n - 1));
    // The middle of the first pixel, so that rounding of the video's clock stays inside it.
    for (let n = placeOf(told, told.at) + way; n >= 0 && n < told.size; n += way)
      if (begins(n)) return seek(section, (n + 0.5) / told.size);
  };
  for (const button of player.querySelectorAll("[data-way]"))
    button.addEventListener("click", () => shown && nextMistake(shown, Number(button.dataset.way)));

  // Pointing, clicking, keys.
  const pointed = (event) => {
    const pic = event.target.closest?.(".pic");
    const section = pic?.closest(".strip");
    if (!section) return null;
    const box = pic.getBoundingClientRect();
    return { section, x: clamp((event.clientX - box.left) / box.width, 0, 0.999999) };
  };
  document.addEventListener("pointermove", (event) => {
    const found = pointed(event);
    if (!found) return hideTip();
    if (event.buttons & 1) seek(found.section, found.x);
    if (!found.section.classList.contains("over")) hideTip();
    showTip(found.section, found.x);
  });
  page.addEventListener("pointerleave", hideTip);
  document.addEventListener("scroll", keepTip, { passive: true });
  const jump = (section, x) => {
    for (let box = section.closest("details"); box; box = box.parentElement.closest("details"))
      box.open = true;
    section.hidden = false;
    track(section)?.focus({ preventScroll: true });
    open(section, x);
    section.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
  };
  document.addEventListener("click", (event) => {
    const found = pointed(event);
    if (found) {
      open(found.section, found.x);
      return showTip(found.section, found.x);
    }
    const link = event.target.closest?.("a[data-at]");
    if (link) {
      event.preventDefault();
      const section = document.getElementById(link.hash.slice(1));
      jump(section, xAt(facts(section), Number(link.dataset.at)));
    }
    const button = event.target.closest?.("button.play");
    if (button) open(button.closest(".strip"), 0);
  });
  document.addEventListener("keydown", (event) => {
    const here = event.target === document.body && "np".includes(event.key) ? shown : null;
    const section = event.target.closest?.("[role=slider]")?.closest(".strip") ?? here;
    if (event.key === "Escape") return tip.hidden && shown ? close() : hideTip();
    if (!section || event.ctrlKey || event.metaKey || event.altKey) return;
    const told = facts(section);
    const one = (event.shiftKey ? 10 : 1) / told.size;
    const middle = (placeOf(told, told.at) + 0.5) / told.size;
    const moves = {
      ArrowLeft: middle - one, ArrowDown: middle - one, ArrowRight: middle + one, ArrowUp: middle + one,
      PageDown: middle - 0.1, PageUp: middle + 0.1, Home: 0, End: 1 - 0.5 / told.size,
    };
    if (event.key in moves) seek(section, clamp(moves[event.key], 0, 1 - 0.5 / told.size));
    else if (event.key === "n" || event.key === "p") nextMistake(section, event.key === "n" ? 1 : -1);
    else if (event.key === " " || event.key === "Enter")
      section === shown && !video.paused ? video.pause() : open(section, told.at);
    else return;
    event.preventDefault();
    showTip(section, told.at);
  });
  document.addEventListener("focusin", (event) => {
    const section = event.target.closest?.("[role=slider]")?.closest(".strip");
    if (section) showTip(section, facts(section).at);
  });
  document.addEventListener("focusout", hideTip);

  const search = document.getElementById("search");
  search?.addEventListener("input", () => {
    const words = search.value.toLowerCase();
    for (const box of document.querySelectorAll("details.more")) box.open = Boolean(words);
    for (const section of document.querySelectorAll("section.strip"))
      section.hidden = !section.querySelector("header b").textContent.toLowerCase().includes(words);
  });

  page.classList.add("live");
  for (const axis of document.querySelectorAll(".axis.pic")) {
    const section = axis.closest(".strip");
    const name = section.querySelector("header b").textContent;
    const added = { role: "slider", tabindex: 0, "aria-label": `Time in ${name}`, "aria-valuemin": 0,
      "aria-valuemax": section.dataset.seconds, "aria-valuenow": 0 };
    for (const [key, value] of Object.entries(added)) axis.setAttribute(key, value);
  }
  const scrollers = () => {
    for (const box of document.querySelectorAll(".wide"))
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  };
  scrollers();
  addEventListener("resize", () => { scrollers(); measure(); });
})();
