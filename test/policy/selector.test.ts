import { describe, expect, it } from 'vitest';
import type { Labels, SelectorSpec } from '../../src/model/program.js';
import { matchesSelector, selectorKey } from '../../src/model/selector.js';

const term = (key: string, operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', ...v: string[]) =>
  ({ matchExpressions: [{ key, operator, ...(v.length === 0 ? {} : { values: v }) }] }) as const;

describe('a selector', () => {
  it.each<[SelectorSpec, Labels, boolean]>([
    [{}, {}, true],
    [{ matchLabels: { app: 'web' } }, { app: 'web', env: 'prod' }, true],
    [{ matchLabels: { app: 'web', env: 'prod' } }, { app: 'web' }, false],
    [{ matchLabels: { app: '' } }, {}, false],
    [{ matchLabels: { app: '' } }, { app: '' }, true],
    [term('app', 'In', 'a', 'b'), { app: 'b' }, true],
    [term('app', 'In', 'a', 'b'), { app: 'c' }, false],
    [term('app', 'In', 'a'), {}, false],
    [term('app', 'NotIn', 'a'), { app: 'b' }, true],
    [term('app', 'NotIn', 'a'), { app: 'a' }, false],
    [term('app', 'NotIn', 'a'), {}, true],
    [term('app', 'Exists'), { app: '' }, true],
    [term('app', 'Exists'), {}, false],
    [term('app', 'DoesNotExist'), {}, true],
    [term('app', 'DoesNotExist'), { app: '' }, false],
    [{ matchLabels: { app: 'a' }, ...term('env', 'Exists') }, { app: 'a' }, false],
    [{ matchLabels: { constructor: 'a' } }, {}, false],
    [term('constructor', 'Exists'), {}, false],
    [term('toString', 'DoesNotExist'), {}, true],
  ])('%j holds for %j: %s', (selector, labels, expected) => {
    expect(matchesSelector(selector, labels)).toBe(expected);
  });
});

describe('the key of a selector', () => {
  it.each<[SelectorSpec, SelectorSpec]>([
    [{ matchLabels: { a: '1', b: '2' } }, { matchLabels: { b: '2', a: '1' } }],
    [term('a', 'In', '1', '2'), term('a', 'In', '2', '1', '2')],
    [{ matchLabels: { a: '1' } }, term('a', 'In', '1')],
    [{}, { matchLabels: {}, matchExpressions: [] }],
  ])('is one for %j and %j', (one, other) => {
    expect(selectorKey(one)).toBe(selectorKey(other));
  });

  it('differs for selectors that mean different things', () => {
    const selectors: SelectorSpec[] = [
      {},
      { matchLabels: { a: '' } },
      term('a', 'Exists'),
      term('a', 'DoesNotExist'),
      term('a', 'In', '1'),
      term('a', 'NotIn', '1'),
      term('a', 'In', '1', '2'),
      term('a', 'NotIn', '1', '2'),
      { matchLabels: { a: '1', b: '2' } },
      { matchLabels: { a: '1,b=2' } },
      { matchLabels: { 'a=1,b': '2' } },
      { matchLabels: { a: '1' }, ...term('b', 'Exists') },
      term('!a', 'Exists'),
    ];
    expect(new Set(selectors.map(selectorKey)).size).toBe(selectors.length);
  });
});
