// The player: both sides as waveforms, heard apart or together. It only plays; nothing here keeps or copies audio.
"use strict";
(() => {
  const box = document.getElementById("player");
  const by = (id) => document.getElementById(id);
  const gaps = JSON.parse(box.dataset.gaps);
  const starts = Number(box.dataset.starts); // milliseconds since 1970 of the first sample
  const base = `/listening/${box.dataset.sitting}`;

  // The waveform's library writes its own skeleton as markup. Nothing else may become markup on this page.
  if (window.trustedTypes) {
    trustedTypes.createPolicy("default", {
      createHTML: (text) => {
        if (text === "" || (text.trimStart().startsWith(`<style nonce="${box.dataset.nonce}">`) && !/<(script|img|iframe|svg|a|form)|\son\w+=/i.test(text))) return text;
        throw new TypeError("no markup but the waveform's own");
      },
    });
  }

  const shown = (seconds) => {
    const whole = Math.floor(seconds);
    const pad = (n) => String(n).padStart(2, "0");
    const minutes = Math.floor(whole / 60);
    return minutes >= 60 ? `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
  };
  const clock = (seconds) => new Intl.DateTimeFormat("ja-JP", { timeZone: "Asia/Tokyo", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(starts + seconds * 1000);

  // A stretch that no packet brought is hatched over its own side.
  const hatch = (canvas, seconds) => {
    const ctx = canvas.getContext("2d");
    const scale = canvas.width / seconds;
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

  const audio = new Audio(`${base}/audio.wav`);
  audio.preload = "metadata";
  audio.preservesPitch = true;

  fetch(`${base}/waveform.json`).then((answer) => answer.json()).then((wave) => {
    const player = WaveSurfer.create({
      container: by("wave"), cspNonce: box.dataset.nonce, media: audio, url: audio.src, peaks: [wave.caller, wave.callee].map((side) => side.map((one) => one / 255)),
      duration: wave.seconds, height: 110, normalize: false, cursorWidth: 2, cursorColor: "#000", dragToSeek: true,
      splitChannels: [{ waveColor: "#4979f5", progressColor: "#0017c1" }, { waveColor: "#2c8f5b", progressColor: "#115a36" }],
      hideScrollbar: true, backend: "MediaElement",
    });
    by("seek").max = String(wave.seconds);
    by("where").textContent = `${shown(0)} / ${shown(wave.seconds)}`;
    if (gaps.length) {
      const over = document.createElement("canvas");
      over.width = 2000;
      over.height = 220;
      over.className = "hatched";
      over.setAttribute("role", "img");
      over.setAttribute("aria-label", box.dataset.gap);
      by("wave").append(over);
      hatch(over, wave.seconds);
    }
    box.dataset.ready = "1";
    return player;
  }).catch(() => { by("said").textContent = box.dataset.over; });

  const seconds = () => Number(by("seek").max);
  const go = (to) => { audio.currentTime = Math.max(0, Math.min(to, seconds())); };
  const toggle = () => { (audio.paused ? hear().then(() => audio.play()) : Promise.resolve(audio.pause())).catch(() => { by("said").textContent = box.dataset.over; }); };

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
        const set = () => { gain.gain.value = Number(slider.value); };
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

  const tell = () => {
    by("where").textContent = `${shown(audio.currentTime)} / ${shown(seconds())}`;
    by("clock").textContent = clock(audio.currentTime);
    by("seek").value = String(audio.currentTime);
    by("seek").setAttribute("aria-valuetext", `${shown(audio.currentTime)}`);
    const gap = gaps.find((one) => one.from_s <= audio.currentTime && audio.currentTime < one.until_s);
    by("said").textContent = gap ? box.dataset.gap : "";
  };
  audio.addEventListener("timeupdate", tell);
  audio.addEventListener("seeked", tell);
  audio.addEventListener("error", () => { by("said").textContent = box.dataset.over; });
  for (const what of ["play", "pause", "ended"]) {
    audio.addEventListener(what, () => { by("play").textContent = audio.paused ? box.dataset.play : box.dataset.pause; });
  }
  by("play").addEventListener("click", toggle);
  by("back").addEventListener("click", () => go(audio.currentTime - 5));
  by("forward").addEventListener("click", () => go(audio.currentTime + 5));
  by("speed").addEventListener("change", () => { audio.playbackRate = Number(by("speed").value); });
  by("seek").addEventListener("input", () => go(Number(by("seek").value)));
  by("jump").addEventListener("click", () => {
    const found = by("to").value.normalize("NFKC").match(/(\d{1,2})[:時](\d{1,2})(?:[:分](\d{1,2}))?/);
    if (!found) return;
    const wanted = Number(found[1]) * 3600 + Number(found[2]) * 60 + Number(found[3] || 0);
    const first = (starts / 1000 + 9 * 3600) % 86400; // the time of day of the first sample, in Japan
    go((wanted - Math.floor(first) + 86400) % 86400 - (first % 1));
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (/^(INPUT|SELECT|TEXTAREA|BUTTON|SUMMARY|A)$/.test(event.target.tagName)) return;
    const step = event.shiftKey ? 30 : 5;
    const acts = { " ": toggle, ArrowLeft: () => go(audio.currentTime - step), ArrowRight: () => go(audio.currentTime + step), Home: () => go(0) };
    if (acts[event.key]) {
      event.preventDefault();
      acts[event.key]();
    }
  });
})();
