import type { MapUse, Phase, Plan } from '../plan/plan.js';
import { SCRIPT, STYLE } from './html-assets.js';
import { markup, page, type Markup } from './html-page.js';
import type { Line, Sign } from './line.js';
import { originText } from './origin.js';
import { stepLines } from './step-lines.js';
import { summaryText } from './summary.js';
import { PHASES } from './terminal.js';
import { counted, grouped } from './text.js';
import type { TrafficLine } from './traffic.js';

const CLASSES: Readonly<Record<Sign, string>> = {
  '+': 'add',
  '-': 'remove',
  '~': 'change',
  '±': 'remove',
  '*': 'commit',
  '!': 'change',
  ' ': 'soft',
};

const CHANGES = {
  allow: { sign: '+', said: 'becomes allowed' },
  deny: { sign: '-', said: 'becomes denied' },
  change: { sign: '~', said: 'is judged otherwise' },
} as const;

const NOTHING = markup``;

/**
 * A plan as one HTML file that loads nothing: summary, traffic, every step by phase with a box to
 * search them, use of the maps. Whatever comes from a program or a kernel is text in it, never markup.
 */
export function renderPlanHtml(plan: Plan, traffic: readonly TrafficLine[] = []): string {
  const title = summaryText(plan);
  const body = markup`<main>
<h1>${title}</h1>
${trafficPart(traffic)}
${stepsPart(plan.steps)}
${plan.steps.length === 0 ? NOTHING : mapsPart(plan.maps)}
<p class="soft">Made from the state <code>${plan.fingerprint.slice(0, 16)}</code></p>
</main>`;
  return page(`plan: ${title}`, body, { style: STYLE, script: SCRIPT });
}

function trafficPart(traffic: readonly TrafficLine[]): Markup {
  const title = markup`<h2>Traffic</h2>`;
  if (traffic.length === 0) {
    return markup`${title}
<p>No connection is judged otherwise than before.</p>`;
  }
  const heads = ['change', 'from', 'to', 'what', 'by'].map(
    (name) => markup`<th scope="col">${name}</th>`,
  );
  return markup`${title}
<table>
<thead><tr>${heads}</tr></thead>
<tbody>
${traffic.map(trafficRow)}
</tbody>
</table>`;
}

function trafficRow(line: TrafficLine): Markup {
  const { sign, said } = CHANGES[line.change];
  const cells = [line.from, line.to, line.what, whereText(line)];
  return markup`<tr><td class="${CLASSES[sign]}">${sign} ${said}</td>${cells.map(
    (text) => markup`<td>${text}</td>`,
  )}</tr>`;
}

// The box is shown by the script: without scripts it would do nothing.
function stepsPart(steps: Plan['steps']): Markup {
  if (steps.length === 0) return NOTHING;
  return markup`<h2>Steps</h2>
<p class="search" hidden><label for="search">Search the steps (press /)</label><br>
<input id="search" type="search" autocomplete="off" spellcheck="false">
<span id="found" role="status"></span></p>
${PHASES.map((phase) => phasePart(phase, steps))}`;
}

function phasePart(phase: Phase, steps: Plan['steps']): Markup {
  const own = steps.filter((step) => step.phase === phase);
  if (own.length === 0) return NOTHING;
  const items = own.map((step) => markup`<li>${stepLines(step).map(lineMarkup)}</li>`);
  return markup`<details${phase === 'commit' ? markup` open` : NOTHING}>
<summary>${phase}: ${counted(own.length, 'step')}</summary>
<ol>
${items}
</ol>
</details>`;
}

function lineMarkup(line: Line): Markup {
  const { sign, text, depth = 0 } = line;
  const said = markup`<span class="${CLASSES[sign]}">${sign}</span> ${text}`;
  const where = markup`<span class="at">${whereText(line)}</span>`;
  return markup`<code class="${depth > 0 ? 'row' : 'step'}">${said}${where}</code>`;
}

function whereText({ origin, note = '' }: Pick<Line, 'origin' | 'note'>): string {
  return `${origin === undefined ? '' : originText(origin)} ${note}`.trim();
}

function mapsPart(maps: Plan['maps']): Markup {
  return markup`<h2>Maps after it</h2>
<table>
<tbody>
${Object.entries(maps).map(mapRow)}
</tbody>
</table>`;
}

function mapRow([name, { used, max }]: [string, MapUse]): Markup {
  const said = `${grouped(used)} of ${grouped(max)}`;
  const meter = markup`<meter max="${max}" high="${Math.floor(max * 0.8)}" value="${used}">`;
  return markup`<tr><th scope="row">${name}</th><td>${said}</td><td>${meter}${said}</meter></td></tr>`;
}
