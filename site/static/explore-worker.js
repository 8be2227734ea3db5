// The model in the browser: Python by Pyodide, our own source and data, away from the page's thread.
"use strict";

let answer, newest = 0;
const tell = (kind, more = {}) => postMessage({ kind, ...more });
const { port1, port2 } = new MessageChannel();
// Lets a message that came meanwhile be read, so that a newer question ends an older one.
const breath = () => new Promise((done) => { port1.onmessage = done; port2.postMessage(0); });

// What is loaded is counted as it comes. Pyodide keeps some failures to itself: they are told from here.
let loaded = 0;
const plainFetch = self.fetch;
self.fetch = async (address, ...more) => {
  const name = String(address.url || address).split(/[?#]/)[0].split("/").pop();
  const told = (why) => {
    tell("failed", { why: `${name}: ${why}` });
    return new Error(why);
  };
  const reply = await plainFetch(address, ...more).catch((error) => Promise.reject(told(error.message)));
  if (!reply.ok) throw told(`${reply.status} ${reply.statusText}`);
  const reader = reply.body.getReader();
  const counted = new ReadableStream({
    async pull(onward) {
      try {
        const { done, value } = await reader.read();
        if (done) return onward.close();
        loaded += value.byteLength;
        tell("loaded", { bytes: loaded });
        return onward.enqueue(value);
      } catch (error) {
        return onward.error(told(error.message));
      }
    },
  });
  const { status, statusText, headers } = reply;
  return new Response(counted, { status, statusText, headers });
};

async function load({ model, settings }) {
  const pyodide = new URL(settings.pyodide, model).href;
  importScripts(`${pyodide}pyodide.js`);
  const python = await loadPyodide({ indexURL: pyodide });
  const [archive] = await Promise.all([
    fetch(new URL(settings.archive, model)).then((reply) => reply.arrayBuffer()),
    python.loadPackage(settings.packages, { messageCallback() {} }),
  ]);
  tell("starting");
  python.unpackArchive(archive, "zip", { extractDir: "/recount" });
  python.globals.set("environment", python.toPy(settings.environment));
  answer = python.runPython("import os, sys\nos.environ |= environment\nsys.path[:0] = ['/recount/src', '/recount/lib']\nfrom recount.explore import answer\nanswer");
  ask("moved", { scenario: null, assumptions: { pue: "1.1" } }); // what is read and wired once, before the first move
  tell("ready");
}

const ask = (asked, given) => JSON.parse(answer(JSON.stringify({ ask: asked, with: given })));

async function move({ serial, scenario, assumptions, claims, count, language }) {
  newest = serial;
  const state = { scenario, assumptions };
  const stale = async () => { await breath(); return serial !== newest; };
  if (await stale()) return;
  const reading = ask("read", state).found;
  tell("read", { serial, ...reading });
  if (Object.keys(reading.refused).length) return;
  const moved = ask("moved", state).found.filter((claim) => claims.includes(claim));
  tell("moved", { serial, moved });
  for (const [kind, more] of [["point", { language }], ["whole", { language, count }]]) {
    for (const claim of moved) {
      if (await stale()) return;
      tell(kind, { serial, claim, ...ask(kind, { claim, ...state, ...more }) });
    }
  }
  tell("done", { serial });
}

const work = {
  load,
  move,
  save: ({ name, scenario, assumptions }) => tell("saved", ask("scenario_text", { name, scenario, assumptions })),
  ask: ({ asked, given }) => tell("answered", ask(asked, given)), // one function, for whoever wants its figures unrounded
};

onmessage = async ({ data }) => {
  try {
    await work[data.kind](data);
  } catch (error) {
    const lines = String(error.message || error).trim().split("\n");
    tell("failed", { why: lines[lines.length - 1] });
  }
};
