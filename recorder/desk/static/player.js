// The player: both sides as waveforms, heard apart or together. It only plays; nothing here keeps or copies audio.
"use strict";
(() => {
  const box = document.getElementById("player");
  const by = (id) => document.getElementById(id);
  const words = JSON.parse(box.dataset.words);
  const gaps = JSON.parse(box.dataset.gaps);
  const starts = Number(box.dataset.starts); // milliseconds since 1970 of the first sample
  const base = `/listening/${box.dataset.sitting}`;
  const WARN_MS = 120_000;

  // The waveform's library writes its own skeleton as markup. Nothing else may become markup on this page.
  if (window.trustedTypes) {
    trustedTypes.createPolicy("default", {
      createHTML: (text) => {
        if (text === "" || (text.trimStart().startsWith(`<style nonce="${box.dataset.nonce}">`) && !/<(script|img|iframe|svg|a|form)|\son\w+=/i.test(text))) return text;
        throw new TypeError("no markup but the waveform's own");
      },
    });
  }

  // --- what is said -------------------------------------------------------------------------------------------------

  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const say = (text) => { if (by("said").textContent !== text) by("said").textContent = text; };
  const pad = (n) => String(n).padStart(2, "0");
  const shown = (seconds) => {
    const whole = Math.floor(seconds);
    const minutes = Math.floor(whole / 60);
    return minutes >= 60 ? `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
  };
  const japan = new Intl.DateTimeFormat("ja-JP", { timeZone: "Asia/Tokyo", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  const clock = (seconds) => japan.format(starts + seconds * 1000);

  // --- the audio ----------------------------------------------------------------------------------------------------

  const audio = new Audio(`${base}/audio.wav`);
  audio.preload = "metadata";
  audio.preservesPitch = true;
  let length = 0;
  let silences = [];
  let isOver = false;
  const loop = { from: null, until: null };
  const failed = () => { say(isOver ? words.over : words.failed); };
  const go = (to) => { if (!isOver) audio.currentTime = Math.max(0, Math.min(to, length)); };
  const by_s = (step) => go(audio.currentTime + step);
  const toggle = () => { if (!isOver) (audio.paused ? hear().then(() => audio.play()) : Promise.resolve(audio.pause())).catch(failed); };

  // The sides' volumes need the graph, and a browser makes one only after a person did something.
  let graph = null;
  const hear = async () => {
    if (!graph) {
      graph = new AudioContext();
      const source = graph.createMediaElementSource(audio);
      const split = graph.createChannelSplitter(2);
      const join = graph.createChannelMerger(2);
      source.connect(split);
      for (const side of [0, 1]) {
        const gain = graph.createGain();
        const slider = by(`volume-${side}`);
        const set = () => {
          gain.gain.value = Number(slider.value);
          slider.setAttribute("aria-valuetext", `${Math.round(slider.value * 100)} %`);
        };
        slider.addEventListener("input", set);
        set();
        split.connect(gain, side);
        gain.connect(join, 0, 0); // both sides in both ears
        gain.connect(join, 0, 1);
      }
      join.connect(graph.destination);
    }
    await graph.resume();
  };

  // --- the picture --------------------------------------------------------------------------------------------------

  // A stretch that no packet brought is hatched over its own side.
  const hatch = (canvas) => {
    const ctx = canvas.getContext("2d");
    const scale = canvas.width / length;
    const half = canvas.height / 2;
    ctx.strokeStyle = "#626264";
    for (const gap of gaps) {
      const left = gap.from_s * scale;
      const width = Math.max((gap.until_s - gap.from_s) * scale, 2);
      const top = gap.channel * half;
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, top, width, half);
      ctx.clip();
      ctx.beginPath();
      for (let x = left - half; x < left + width; x += 6) {
        ctx.moveTo(x, top + half);
        ctx.lineTo(x + half, top);
      }
      ctx.stroke();
      ctx.restore();
    }
  };
  const over = (name, label) => {
    const canvas = document.createElement("canvas");
    canvas.width = 2000;
    canvas.height = 180;
    canvas.className = name;
    if (label) {
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", label);
    } else canvas.setAttribute("aria-hidden", "true");
    by("wave").append(canvas);
    return canvas;
  };
  let looped = null;
  const draw = () => { // the stretch that is repeated
    const ctx = looped.getContext("2d");
    ctx.clearRect(0, 0, looped.width, looped.height);
    if (loop.from === null && loop.until === null) return;
    const left = (loop.from ?? 0) / length * looped.width;
    const right = (loop.until ?? loop.from) / length * looped.width;
    ctx.fillStyle = "rgba(255, 212, 61, 0.4)";
    ctx.fillRect(left, 0, right - left, looped.height);
    ctx.fillStyle = "#1a1a1a";
    for (const at of [loop.from === null ? null : left, loop.until === null ? null : right]) if (at !== null) ctx.fillRect(at - 1, 0, 3, looped.height);
  };

  fetch(`${base}/waveform.json`).then((answer) => answer.json()).then((wave) => {
    length = wave.seconds;
    silences = wave.silences;
    WaveSurfer.create({
      container: by("wave"), cspNonce: box.dataset.nonce, media: audio, url: audio.src, peaks: [wave.caller, wave.callee].map((side) => side.map((one) => one / 255)),
      duration: length, height: 90, normalize: false, cursorWidth: 2, cursorColor: "#000", dragToSeek: true,
      splitChannels: [{ waveColor: "#4979f5", progressColor: "#0017c1" }, { waveColor: "#2c8f5b", progressColor: "#115a36" }],
      hideScrollbar: true, backend: "MediaElement",
    });
    by("seek").max = String(length);
    if (gaps.length) hatch(over("hatched", box.dataset.gapped));
    looped = over("looped", "");
    const quiet = silences.reduce((sum, [from, until]) => sum + until - from, 0);
    by("silences").textContent = silences.length ? filled(words.silences, { count: silences.length, seconds: Math.round(quiet) }) : words.no_silences;
    by("skip").disabled = !silences.length;
    tell();
    box.dataset.ready = "1";
  }).catch(failed);

  // --- while it plays -----------------------------------------------------------------------------------------------

  const tell = () => {
    const now = audio.currentTime;
    by("where").textContent = `${shown(now)} / ${shown(length)}`;
    by("clock").textContent = clock(now);
    by("seek").value = String(now);
    by("seek").setAttribute("aria-valuetext", `${shown(now)} / ${shown(length)}, ${clock(now)}`);
    const gap = gaps.find((one) => one.from_s <= now && now < one.until_s);
    if (gap) say(filled(words.gap, { side: words.sides[gap.channel] }));
    else if (!audio.paused) say("");
  };
  const step = () => {
    if (audio.paused) return;
    const now = audio.currentTime;
    if (loop.from !== null && loop.until !== null && now >= loop.until) go(loop.from);
    else if (by("skip").checked && !audio.seeking) {
      const silence = silences.find(([from, until]) => from <= now && now < until - 0.1);
      if (silence) go(silence[1]);
    }
    document.dispatchEvent(new Event("desk-busy"));
  };
  const follow = () => { step(); if (!audio.paused) requestAnimationFrame(follow); };
  for (const what of ["timeupdate", "seeked"]) audio.addEventListener(what, () => { step(); tell(); });
  audio.addEventListener("error", failed);
  audio.addEventListener("play", () => requestAnimationFrame(follow));
  audio.addEventListener("ended", () => { // the whole of it, from A to the end, is repeated, too
    if (loop.from !== null && loop.until !== null) { go(loop.from); audio.play().catch(failed); }
  });
  for (const what of ["play", "pause", "ended"]) {
    audio.addEventListener(what, () => { by("play").textContent = audio.paused ? words.play : words.pause; });
  }

  // --- what the buttons do ------------------------------------------------------------------------------------------

  const tell_loop = () => {
    draw();
    const { from, until } = loop;
    by("loop").textContent = from === null ? words.loop_none : until === null ? filled(words.loop_from, { from: shown(from) }) : filled(words.loop_both, { from: shown(from), until: shown(until) });
    by("unloop").disabled = from === null;
  };
  const set_from = () => { loop.from = audio.currentTime; if (loop.until !== null && loop.until <= loop.from) loop.until = null; tell_loop(); };
  const set_until = () => {
    if (audio.currentTime <= (loop.from ?? 0)) { say(words.loop_order); return; }
    loop.from ??= 0;
    loop.until = audio.currentTime;
    tell_loop();
  };
  const unloop = () => { loop.from = loop.until = null; tell_loop(); };
  const jump = () => {
    const found = by("to").value.normalize("NFKC").match(/^\s*(午後|午前)?\s*(\d{1,2})[:時](\d{1,2})(?:[:分](\d{1,2}))?/);
    if (!found) { say(words.no_time); return; }
    const hour = Number(found[2]) % (found[1] ? 12 : 24) + (found[1] === "午後" ? 12 : 0);
    const wanted = hour * 3600 + Number(found[3]) * 60 + Number(found[4] || 0);
    const first = (starts / 1000 + 9 * 3600) % 86400; // the time of day of the first sample, in Japan
    const to = (wanted - Math.floor(first) + 86400) % 86400 - (first % 1);
    if (to > length) { say(filled(words.outside, { from: clock(0), until: clock(length) })); return; }
    say("");
    go(to);
  };
  by("play").addEventListener("click", toggle);
  for (const button of box.querySelectorAll("button[data-step]")) button.addEventListener("click", () => by_s(Number(button.dataset.step)));
  by("speed").addEventListener("change", () => { audio.playbackRate = Number(by("speed").value); });
  by("seek").addEventListener("input", () => go(Number(by("seek").value)));
  by("jump").addEventListener("click", jump);
  by("to").addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.isComposing) jump(); });
  by("from").addEventListener("click", set_from);
  by("until").addEventListener("click", set_until);
  by("unloop").addEventListener("click", unloop);
  for (const button of box.querySelectorAll("button[data-go]")) button.addEventListener("click", () => go(Number(button.dataset.go)));

  // Letters act only while something of the player has the focus (WCAG 2.1.4); the other keys anywhere on the page.
  const LETTERS = { k: toggle, j: () => by_s(-10), l: () => by_s(10), a: set_from, b: set_until };
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const on = event.target;
    if (/^(SELECT|TEXTAREA)$/.test(on.tagName) || (on.tagName === "INPUT" && on.type !== "checkbox")) return;
    const is_pressed_by_space = /^(BUTTON|SUMMARY|INPUT)$/.test(on.tagName);
    const far = event.shiftKey ? 30 : 5;
    const acts = { ArrowLeft: () => by_s(-far), ArrowRight: () => by_s(far), Home: () => go(0), ...(is_pressed_by_space ? {} : { " ": toggle }), ...(box.contains(on) ? LETTERS : {}) };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });

  // --- the sitting's end --------------------------------------------------------------------------------------------

  let ends = performance.now() + Number(box.dataset.leftMs);
  const watch = () => {
    const left = ends - performance.now();
    by("ending").hidden = left > WARN_MS || isOver;
    if (left > 0 || isOver) return;
    isOver = true;
    audio.pause();
    audio.removeAttribute("src");
    for (const one of box.querySelectorAll("button, input, select")) one.disabled = true;
    say(words.over);
  };
  setInterval(watch, 1000);
  by("extend").addEventListener("submit", (event) => {
    event.preventDefault();
    fetch(event.target.action, { method: "POST", body: new URLSearchParams(new FormData(event.target)), redirect: "error" })
      .then((answer) => { if (!answer.ok) throw new Error(answer.status); return answer.json(); })
      .then((said) => { ends = performance.now() + said.left_ms; by("until-when").textContent = said.until; watch(); say(said.sentence); document.dispatchEvent(new Event("desk-asked")); })
      .catch(() => say(words.not_extended));
  });
  watch();
})();
