// Moving assumptions: the panel of a claim's page or of all claims. It computes nothing itself:
// explore-worker.js runs the project's own Python once a reader asks for it. No word stands here;
// all come from the page.
"use strict";

const exploreScript = document.currentScript.src;
for (const panel of document.querySelectorAll("section.explore")) {
  const one = (selector, within = panel) => within.querySelector(selector);
  const words = JSON.parse(one(".explore-words").textContent);
  const say = (word, values = {}) => words[word].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const form = one("form"), scenario = one("select"), load = one(".load"), bar = one("progress");
  const status = one(".explore-status"), result = one(".explore-result"), done = one(".explore-done"), filter = one(".explore-filter input");
  const model = new URL(panel.dataset.model, document.baseURI);
  const rows = new Map([...panel.querySelectorAll("tr[data-claim]")].map((row) => [row.dataset.claim, row]));
  const built = new Map([...rows].map(([claim, row]) => [claim, row.innerHTML]));
  let worker = null, ready = false, serial = 0, settings = null, verdicts = new Map(), timer = 0, shownMoved = 0;

  // The assumptions: a slider and a field each; the field's text is what counts.
  const assumptions = new Map();
  const adopt = (box) => {
    const [field, slider, clear] = [one("input[type=text]", box), one("input[type=range]", box), one(".explore-clear", box)];
    const { low, high, start, unit, name } = box.dataset;
    const width = Math.log(high / low);
    const place = (value) => { if (slider) slider.value = Math.round((1000 * Math.log(value / low)) / width); };
    const show = () => {
      const set = field.value.trim() !== "";
      box.classList.toggle("unset", !set);
      clear.hidden = !set;
      if (!slider) return;
      if (!set) place(start);
      slider.setAttribute("aria-valuetext", set ? field.value : one(".explore-own", box).textContent);
    };
    const set = (text) => { field.value = text; show(); };
    slider?.addEventListener("input", () => {
      set(`${Number((low * Math.exp((slider.value / 1000) * width)).toPrecision(3))} ${unit}`);
      changed();
    });
    field.addEventListener("input", () => { show(); changed(); });
    clear.addEventListener("click", () => { set(""); (slider || field).focus(); changed(); });
    assumptions.set(name, { box, field, set, place: (value) => value > 0 && place(value), refusal: one(".explore-refusal", box) });
    show();
  };
  for (const box of panel.querySelectorAll(".explore-assumption[data-name]")) adopt(box);

  const typed = () => Object.fromEntries([...assumptions].map(([name, a]) => [name, a.field.value.trim()]).filter(([, text]) => text));
  const state = () => ({ scenario: scenario.value || null, assumptions: typed() });
  const refuse = (refused) => {
    for (const [name, { field, refusal }] of assumptions) {
      refusal.textContent = refused[name] || "";
      refusal.hidden = !refused[name];
      field.setAttribute("aria-invalid", String(Boolean(refused[name])));
    }
    const together = one(".explore-refusal.together");
    together.textContent = refused[""] || "";
    together.hidden = !refused[""];
  };

  // What follows: asked a moment after the last change, shown as it comes.
  const changed = () => {
    done.textContent = "";
    clearTimeout(timer);
    timer = setTimeout(follow, 80);
  };
  const restore = (claims) => {
    for (const claim of claims) {
      const row = rows.get(claim);
      if (row.classList.contains("moved") || row.classList.contains("pending")) row.innerHTML = built.get(claim);
      row.classList.remove("moved", "pending");
    }
  };
  const follow = () => {
    const now = state();
    const any = now.scenario || Object.keys(now.assumptions).length;
    if (!ready) {
      result.textContent = any ? say("load_first") : "";
      return;
    }
    serial += 1;
    if (!any) {
      worker.postMessage({ kind: "move", serial, ...now, claims: [], count: settings.samples, language: words.language }); // ends what runs
      refuse({});
      restore(rows.keys());
      result.textContent = say("nothing_moved");
      filtered();
      panel.dataset.state = "done";
      return;
    }
    panel.dataset.state = "working";
    worker.postMessage({ kind: "move", serial, ...now, claims: [...rows.keys()], count: settings.samples, language: words.language });
  };
  const filtered = () => {
    for (const row of rows.values()) row.hidden = Boolean(filter?.checked) && !row.classList.contains("moved") && !row.classList.contains("pending");
  };
  filter?.addEventListener("change", filtered);

  const shape = (verdict) => one(`template[data-verdict="${CSS.escape(verdict)}"]`).content.cloneNode(true);
  const times = (ratio) => new Intl.NumberFormat(words.language, { minimumSignificantDigits: 3, maximumSignificantDigits: 3 }).format(ratio);
  const at = (ratio) => 60 + 27 * Math.min(Math.max(ratio > 0 ? Math.log10(ratio) : -2, -2), 2); // the scale of the strips
  const strip = (row, found) => {
    const cell = one(".against", row), ratio = found.ratio, drawn = one(".strip", cell);
    if (ratio === null) return cell.replaceChildren();
    if (!drawn) return undefined;
    one(".found", drawn).setAttribute("cx", at(ratio).toFixed(1));
    one(".ratio", cell).textContent = `× ${times(ratio)}`;
    for (const arrow of drawn.querySelectorAll(".beyond")) arrow.remove();
    if (found.low === undefined) return one(".range", drawn).setAttribute("d", "");
    const published = Number(row.dataset.published);
    const ends = [found.low, found.high].map((end) => (end === null ? ratio : end / published));
    one(".range", drawn).setAttribute("d", `M${at(ends[0]).toFixed(1)} 8H${at(ends[1]).toFixed(1)}`);
    for (const [edge, side, past] of [[8, -1, Math.min(...ends) < 0.01], [112, 1, Math.max(...ends) > 100]]) {
      if (!past) continue;
      const arrow = document.createElementNS("http://www.w3.org/2000/svg", "path");
      arrow.setAttribute("class", "beyond");
      arrow.setAttribute("d", `M${edge} 4l${side * 5} 4 ${-side * 5} 4`);
      drawn.append(arrow);
    }
  };
  const show = (found) => {
    const row = rows.get(found.id), whole = found.verdict !== undefined;
    row.classList.toggle("pending", !whole);
    row.classList.toggle("moved", whole);
    one(".found .value", row).textContent = found.recomputed === null && found.problem ? found.problem : found.recomputed_text;
    one(".found .interval", row).textContent = found.interval_text || "";
    strip(row, found);
    one(".would-be", row).replaceChildren(...(whole ? [shape(found.verdict)] : []));
    row.classList.toggle("flips", whole && found.verdict !== row.dataset.verdict);
    if (whole) verdicts.set(found.id, found);
  };
  const conclude = () => {
    const flips = [...verdicts.values()].filter((found) => found.verdict !== rows.get(found.id).dataset.verdict);
    if (rows.size > 1) result.textContent = say("result_all", { moved: verdicts.size, all: rows.size, changed: flips.length });
    else if (!verdicts.size) result.textContent = say("untouched");
    else {
      const [found] = verdicts.values();
      const interval = found.interval_text ? say("result_interval", { interval: found.interval_text }) : "";
      const recomputed = found.recomputed === null && found.problem ? found.problem : found.recomputed_text;
      result.textContent = say("result", { recomputed, interval, verdict: shape(found.verdict).textContent.trim() });
    }
    panel.dataset.state = "done";
  };

  // The model's messages.
  const megabytes = (bytes) => Math.round(bytes / 1e6);
  const hear = {
    loaded({ bytes }) {
      bar.value = Math.min(bytes / settings.bytes, 1);
      status.textContent = say("loading", { done: Math.min(megabytes(bytes), megabytes(settings.bytes)), megabytes: megabytes(settings.bytes) });
    },
    starting() {
      bar.removeAttribute("value");
      status.textContent = say("starting");
    },
    ready() {
      ready = true;
      bar.hidden = true;
      load.hidden = true;
      one(".save").disabled = false;
      status.textContent = say("ready");
      panel.dataset.state = "ready";
      follow();
    },
    failed({ why }) {
      if (!worker) return;
      worker.terminate();
      worker = null;
      status.textContent = say(ready ? "broke" : "failed", { why });
      bar.hidden = true;
      load.hidden = load.disabled = ready = false;
      panel.dataset.state = "failed";
    },
    read({ values, refused }) {
      for (const [name, value] of Object.entries(values)) assumptions.get(name)?.place(value);
      refuse(refused);
      if (Object.keys(refused).length) {
        result.textContent = "";
        restore(rows.keys());
        panel.dataset.state = "refused";
      }
    },
    moved({ moved }) {
      verdicts = new Map();
      restore([...rows.keys()].filter((claim) => !moved.includes(claim)));
      for (const claim of moved) rows.get(claim).classList.add("pending");
      if (moved.length) result.textContent = say("working");
      filtered();
    },
    point: ({ found }) => show(found),
    whole: ({ found }) => show(found),
    done: conclude,
    saved({ found, refused }) {
      if (refused) { done.textContent = refused; return; }
      const name = one(".name").value.trim(), link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([found], { type: "application/toml" }));
      link.download = `${name}.toml`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      done.textContent = say("saved", { file: link.download, name: name.includes(" ") ? `'${name}'` : name });
    },
  };

  const begin = async () => {
    if (!settings) return;
    load.disabled = true;
    bar.hidden = false;
    panel.dataset.state = "loading";
    status.textContent = say("loading", { done: 0, megabytes: megabytes(settings.bytes) });
    worker = new Worker(new URL("explore-worker.js", exploreScript));
    worker.onmessage = ({ data }) => { if (data.serial === undefined || data.serial === serial) hear[data.kind](data); };
    worker.onerror = (event) => { event.preventDefault(); hear.failed({ why: event.message || "explore-worker.js" }); };
    worker.postMessage({ kind: "load", model: model.href, settings });
  };
  load.addEventListener("click", begin);

  // The state as a link: read at the start and when it changes, written when asked for.
  const fromLink = () => {
    if (!location.hash.startsWith("#move?")) return;
    const given = new URLSearchParams(location.hash.slice(6));
    const wanted = given.get("scenario") || "", known = [...scenario.options].some((option) => option.value === wanted);
    scenario.value = known ? wanted : "";
    given.delete("scenario");
    for (const { set } of assumptions.values()) set("");
    for (const [name, text] of given) {
      if (!assumptions.has(name)) {
        const template = one(".explore-extra"), box = template.content.firstElementChild.cloneNode(true);
        box.dataset.name = name;
        const [label, field] = [one("label", box), one("input", box)];
        label.textContent = name;
        field.id = `explore-extra-${assumptions.size}`;
        label.htmlFor = field.id;
        template.before(box);
        adopt(box);
      }
      assumptions.get(name).set(text);
    }
    changed();
    if (!known) done.textContent = say("no_such_scenario", { name: wanted });
  };
  addEventListener("hashchange", fromLink);
  one(".share").addEventListener("click", async () => {
    const now = state();
    const link = new URLSearchParams({ ...(now.scenario ? { scenario: now.scenario } : {}), ...now.assumptions });
    history.replaceState(null, "", `#move?${link}`);
    try {
      await navigator.clipboard.writeText(location.href);
      done.textContent = say("shared");
    } catch {
      done.textContent = say("shared_bar");
    }
  });
  one(".save").addEventListener("click", () => worker.postMessage({ kind: "save", name: one(".name").value.trim(), ...state() }));
  one(".reset").addEventListener("click", () => {
    scenario.value = "";
    for (const { set } of assumptions.values()) set("");
    if (location.hash.startsWith("#move?")) history.replaceState(null, "", location.pathname + location.search);
    changed();
  });
  scenario.addEventListener("change", changed);
  form.addEventListener("submit", (event) => event.preventDefault());

  form.hidden = false;
  if (filter) one(".explore-filter").hidden = false;
  if (location.protocol === "file:") {
    load.hidden = true;
    status.textContent = say("from_file", { folder: "build/site" });
  } else {
    load.disabled = true;
    fetch(new URL("settings.json", model))
      .then((reply) => (reply.ok ? reply.json() : Promise.reject(new Error(`${reply.status} settings.json`))))
      .then((found) => {
        settings = found;
        load.textContent = say("load", { megabytes: megabytes(settings.bytes) });
        load.disabled = false;
        const { host } = new URL(settings.pyodide, model);
        if (host !== location.host) status.textContent = say("from_host", { host });
      })
      .catch((error) => {
        load.hidden = true;
        status.textContent = say("failed", { why: error.message });
      });
  }
  fromLink();
}
