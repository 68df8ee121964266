import type { Lint } from '../model/lint.js';
import type { MapUse, Phase, Plan } from '../plan/plan.js';
import { SCRIPT, STYLE } from './html-assets.js';
import { Markup, markup, page } from './html-page.js';
import type { Line, Sign } from './line.js';
import { lintsText, shownLints } from './lints.js';
import { originText } from './origin.js';
import { stepLines } from './step-lines.js';
import { summaryText } from './summary.js';
import { PHASES } from './terminal.js';
import { counted, grouped } from './text.js';
import { whyText, type TrafficLine } from './traffic.js';

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

export interface HtmlOptions {
  readonly lints?: readonly Lint[];
  /** An SVG element that shows who can talk to whom afterwards, or how many they are that no picture can. */
  readonly graph?: string | number;
}

/**
 * A plan as one HTML file that loads nothing: summary, traffic, lints, the policy as a graph, every step by phase with a box to
 * search them, use of the maps. Whatever comes from a program or a kernel is text in it, never markup.
 */
export function renderPlanHtml(
  plan: Plan,
  traffic: readonly TrafficLine[] = [],
  { lints = [], graph }: HtmlOptions = {},
): string {
  const title = summaryText(plan);
  const body = markup`<main>
<h1>${title}</h1>
${trafficPart(traffic)}
${lintsPart(lints)}
${graphPart(graph)}
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
<div class="wide" tabindex="0"><table>
<thead><tr>${heads}</tr></thead>
<tbody>
${traffic.map(trafficRow)}
</tbody>
</table></div>`;
}

function trafficRow(line: TrafficLine): Markup {
  const { sign, said } = CHANGES[line.change];
  const cells = [line.from, line.to, line.what, whyText(line)];
  return markup`<tr><td class="${CLASSES[sign]}">${sign} ${said}</td>${cells.map(
    (text) => markup`<td>${text}</td>`,
  )}</tr>`;
}

function lintsPart(lints: readonly Lint[]): Markup {
  if (lints.length === 0) return NOTHING;
  const items = shownLints(lints).map(
    ({ severity, code, message, origin, hint }) => markup`<li class="lint">
<p><strong class="${severity === 'warning' ? 'change' : 'soft'}">${severity} ${code}</strong>
<span class="at">${originText(origin)}</span></p>
<p>${message}</p>
<p class="soft">${hint}</p></li>`,
  );
  return markup`<h2>Lints: ${lintsText(lints)}</h2>
<ul>
${items}
</ul>`;
}

function graphPart(graph: HtmlOptions['graph']): Markup {
  if (graph === undefined) return NOTHING;
  const title = markup`<h2>Who can talk to whom afterwards</h2>`;
  if (typeof graph === 'number') {
    return markup`${title}
<p>${counted(graph, 'peer')} are more than a picture can show; <code>plumb matrix</code> lists them.</p>`;
  }
  return markup`${title}
<p class="soft">Boxes are endpoints of this node. A dashed line is everything: no policy isolates either end.</p>
<div class="graph" tabindex="0" role="img" aria-label="graph of allowed connections">${new Markup(graph)}</div>`;
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
<div class="wide" tabindex="0"><table>
<tbody>
${Object.entries(maps).map(mapRow)}
</tbody>
</table></div>`;
}

function mapRow([name, { used, max }]: [string, MapUse]): Markup {
  const said = `${grouped(used)} of ${grouped(max)}`;
  const meter = markup`<meter max="${max}" high="${Math.floor(max * 0.8)}" value="${used}">`;
  return markup`<tr><th scope="row">${name}</th><td>${said}</td><td>${meter}${said}</meter></td></tr>`;
}
