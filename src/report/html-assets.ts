/** Looks of the page of a plan, light or dark as the reader's system is. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1d232b; --soft: #5b6572; --paper: #fff; --line: #d8dee6;
  --add: #176b34; --remove: #a9241c; --change: #8a5a00; --accent: #1f5fbf; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e8ee; --soft: #9aa5b3; --paper: #14181d;
  --line: #333c47; --add: #62c783; --remove: #ff8a80; --change: #e5b04a; --accent: #7fb2ff; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin: 1.5rem 0 .4rem; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; color: var(--soft); }
td, th { padding: .2rem .8rem .2rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
ol { list-style: none; margin: 0; padding: 0; } li { border-bottom: 1px solid var(--line); }
code, td { font-family: ui-monospace, monospace; font-size: .85rem; overflow-wrap: anywhere; }
td:nth-child(1), td:nth-child(4) { white-space: nowrap; } td:nth-child(5) { min-width: 10rem; }
@media (max-width: 45rem) { .wide { overflow-x: auto; } }
li code { display: block; white-space: pre-wrap; padding: .15rem 0 .15rem 1.4em; text-indent: -1.4em; }
li code.row { padding-left: 3.4em; }
.at { color: var(--soft); margin-left: 1.5em; } .soft { color: var(--soft); }
.add { color: var(--add); } .remove { color: var(--remove); } .change { color: var(--change); }
summary { cursor: pointer; font-weight: 600; padding: .4rem 0; }
input { font: inherit; width: 100%; max-width: 30rem; padding: .35rem .6rem; color: inherit;
  background: transparent; border: 1px solid var(--soft); border-radius: 4px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
ul { list-style: none; margin: 0; padding: 0; } .lint { padding: .4rem 0; } .lint p { margin: 0; }
.graph { overflow: auto; max-height: 75vh; border: 1px solid var(--line); border-radius: 8px;
  padding: .5rem; }
.graph svg { display: block; margin: auto; max-width: 100%; height: auto; }
.graph text { fill: var(--ink); } .graph .edge text { fill: var(--soft); }
.graph .node :is(path, polygon, ellipse) { stroke: var(--soft); fill: none; }
.graph .local :is(path, polygon) { stroke: var(--accent); stroke-width: 1.6; }
.graph .edge path { stroke: var(--add); } .graph .edge polygon { stroke: var(--add); fill: var(--add); }
.graph .all path { stroke: var(--soft); opacity: .45; }
.graph .all polygon { stroke: var(--soft); fill: var(--soft); opacity: .45; }
meter { width: 12rem; } [hidden] { display: none; }
@media print { .search { display: none; } }
`;

/** Narrows the steps to those with every word typed; "/" goes to the box and Escape empties it. */
export const SCRIPT = `
'use strict';
const box = document.getElementById('search');
const status = document.getElementById('found');
if (box !== null && status !== null) {
  const phases = [...document.querySelectorAll('details')].map((element) => ({
    element,
    open: element.open,
    steps: [...element.querySelectorAll('li')].map((step) => ({
      step, text: step.textContent.toLowerCase() })),
  }));
  const filter = () => {
    const words = box.value.toLowerCase().split(/\\s+/).filter((word) => word !== '');
    let found = 0;
    for (const { element, open, steps } of phases) {
      let here = 0;
      for (const { step, text } of steps) {
        step.hidden = !words.every((word) => text.includes(word));
        if (!step.hidden) here += 1;
      }
      found += here;
      element.hidden = here === 0;
      element.open = words.length === 0 ? open : here > 0;
    }
    status.textContent = words.length === 0 ? '' : found + (found === 1 ? ' step' : ' steps');
  };
  box.closest('.search').hidden = false;
  box.addEventListener('input', filter);
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && document.activeElement !== box) {
      event.preventDefault();
      box.focus();
    } else if (event.key === 'Escape' && document.activeElement === box) {
      box.value = '';
      filter();
    }
  });
}
`;
