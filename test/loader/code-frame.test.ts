import { describe, expect, test } from 'vitest';
import { codeFrame } from '../../src/loader/code-frame.js';

describe('a code frame', () => {
  const source = 'one\ntwo\nthree\n\tfour\nfive';

  test('shows two lines on each side and marks the place below', () => {
    expect(codeFrame(source, { line: 3, column: 2, length: 3 })).toBe(
      '  1 | one\n  2 | two\n> 3 | three\n    |  ^^^\n  4 | \tfour\n  5 | five',
    );
  });

  test('ends with the file, and marks no further than the line', () => {
    expect(codeFrame(source, { line: 5, column: 3, length: 100 })).toBe(
      '  3 | three\n  4 | \tfour\n> 5 | five\n    |   ^^',
    );
  });

  test('keeps tabs above its mark', () => {
    expect(codeFrame(source, { line: 4, column: 2 })).toContain('> 4 | \tfour\n    | \t^\n');
  });

  test('lines numbers up', () => {
    expect(codeFrame('\n'.repeat(9) + 'ten', { line: 10 })).toBe('   8 |\n   9 |\n> 10 | ten');
  });

  test('of a line that is not there is empty', () => {
    expect(codeFrame(source, { line: 6 })).toBe('');
  });
});
