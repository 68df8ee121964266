import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonList, jsonText } from '../../src/policy/json-text.js';

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constant('\ud800'));

it('texts in JSON are what JSON.stringify makes of them, alone and in lists', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), (list) => {
      expect(list.map(jsonText)).toEqual(list.map((one) => JSON.stringify(one)));
      expect(jsonList(list)).toBe(JSON.stringify(list));
    }),
  );
});
