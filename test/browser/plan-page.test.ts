/// <reference lib="dom" />
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { synthesize } from '../../src/engine/desired.js';
import { drawMatrix } from '../../src/engine/draw.js';
import { matrixOf } from '../../src/engine/matrix.js';
import { planAgainst } from '../../src/engine.js';
import { lint } from '../../src/model/lint.js';
import { renderPlanHtml } from '../../src/report/html.js';
import { emptyState } from '../../src/state/canonical.js';

const root = resolve(import.meta.dirname, '../..');

describe('the page of a plan, in a browser', () => {
  const directory = mkdtempSync(join(tmpdir(), 'plumb-page-'));
  const path = join(directory, 'plan.html');
  const crowded = join(directory, 'crowded.html');
  const complaints: string[] = [];
  const requests: string[] = [];
  let browser: Browser;
  let page: Page;

  const shownSteps = (): Promise<number> =>
    page.$$eval('ol li', (steps) => steps.filter((step) => step.checkVisibility()).length);

  beforeAll(async () => {
    const desired = await synthesize(join(root, 'examples/star-wars/plumb.ts'));
    const { plan, traffic } = planAgainst(desired, emptyState('hoth'));
    const evil = '<script>document.title = "evil"</script>';
    const lints = [
      lint('PLL_WORLD', evil, { path: 'hoth' }, 'Name the prefixes.'),
      lint('PLL_ANY_PEER', 'a rule is wide', { path: 'hoth' }, 'Name the peers.'),
    ];
    const graph = await drawMatrix(matrixOf(desired));
    const line = { from: '{app=a}', to: '{app=b}', what: '80/TCP' };
    const more = (['deny', 'change'] as const).map((change) => ({ change, ...line }));
    writeFileSync(path, renderPlanHtml(plan, [...traffic, ...more], { lints, graph }));
    writeFileSync(crowded, renderPlanHtml(plan, traffic, { graph: 41 }));
    browser = await puppeteer.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(directory, { recursive: true });
  });
  beforeEach(async () => {
    page = await browser.newPage();
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    await page.setViewport({ width: 1200, height: 900 });
    await page.goto(`file://${path}`);
  });

  it('loads nothing else and complains of nothing', () => {
    expect(requests).toEqual([`file://${path}`]);
    expect(complaints).toEqual([]);
  });

  it('shows what came from a program as text', async () => {
    expect(await page.title()).toContain('plan: hoth');
    expect(await page.$eval('.lint', (one) => one.textContent)).toContain('<script>');
  });

  it('draws every peer, and the ports that a rule allows', async () => {
    const texts = await page.$$eval('.graph text', (all) => all.map((one) => one.textContent));
    expect(texts).toEqual(expect.arrayContaining(['class=xwing', 'host', 'world-ipv6', '80/TCP']));
    const outside = await page.$$eval(
      '.graph .node',
      (nodes) =>
        nodes.filter((node) => {
          const box = node.querySelector('path, polygon, ellipse')?.getBoundingClientRect();
          return [...node.querySelectorAll('text')].some((text) => {
            const { left, right } = text.getBoundingClientRect();
            return box === undefined || left < box.left || right > box.right;
          });
        }).length,
    );
    expect(outside).toBe(0);
  });

  it('is searched by the keyboard alone: slash, words, escape', async () => {
    const before = await shownSteps();
    await page.keyboard.press('/');
    await page.keyboard.type('lxcxwing');
    const found = await shownSteps();
    await page.keyboard.type(' nobody');
    expect(await shownSteps()).toBe(0);
    expect(await page.$eval('#found', (status) => status.textContent)).toBe('0 steps');
    await page.keyboard.press('Escape');
    expect(found).toBeGreaterThan(0);
    expect(await shownSteps()).toBe(before);
  });

  it('is gone through by the tab key from top to bottom, and shows where it is', async () => {
    const stops: { readonly top: number; readonly outline: string }[] = [];
    for (;;) {
      await page.keyboard.press('Tab');
      const stop = await page.evaluate(() => {
        const { activeElement: element } = document;
        if (element === null || element === document.body) return null;
        const top = element.getBoundingClientRect().top + window.scrollY;
        return { top, outline: getComputedStyle(element).outlineStyle };
      });
      if (stop === null) break;
      stops.push(stop);
    }
    const tops = stops.map(({ top }) => top);
    // traffic, graph, search, stage, commit, maps
    expect(tops).toHaveLength(6);
    expect(tops).toEqual(tops.toSorted((a, b) => a - b));
    expect(new Set(stops.map(({ outline }) => outline))).toEqual(new Set(['solid']));
  });

  it('says how many peers no picture can show', async () => {
    await page.goto(`file://${crowded}`);
    const text = await page.$eval('main', (main) => main.textContent);
    expect(text).toContain('41 peers are more than a picture can show');
    requests.length = 0;
  });

  it('opens a phase by the keyboard', async () => {
    const isOpen = (): Promise<boolean> => page.$eval('details', (details) => details.open);
    expect(await isOpen()).toBe(false);
    await page.focus('details summary');
    await page.keyboard.press('Enter');
    expect(await isOpen()).toBe(true);
  });

  it('is light or dark as the system is, and readable in both', async () => {
    for (const scheme of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      const contrasts = await page.evaluate(() => {
        const luminance = (color: string): number => {
          const [r = 0, g = 0, b = 0] = (color.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => {
            const channel = Number(part) / 255;
            return channel <= 0.03928 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const paper = luminance(getComputedStyle(document.body).backgroundColor);
        const drawn = ['.graph .node text', '.graph .edge text'];
        const written = [
          ...['h1', 'h2', 'th', 'td', 'code', 'summary', 'input'],
          ...['.at', '.soft', '.add', '.remove', '.change'],
        ];
        return [...written, ...drawn].map((selector): [string, number] => {
          const element = document.querySelector(selector);
          if (element === null) return [selector, 0];
          const { color, fill } = getComputedStyle(element);
          const ink = luminance(drawn.includes(selector) ? fill : color);
          return [selector, (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)];
        });
      });
      // WCAG 2.2, level AA
      expect(contrasts.filter(([, contrast]) => contrast < 4.5)).toEqual([]);
    }
  });

  it('needs no scrolling sideways on a phone', async () => {
    await page.setViewport({ width: 390, height: 800 });
    const [wide, room] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect(wide).toBeLessThanOrEqual(room ?? 0);
  });
});
