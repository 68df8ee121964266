import { describe, expect, it } from 'vitest';
import { PlumbError, PlumbErrors } from '../../src/model/error.js';
import { errorToJson, listErrors, renderErrors } from '../../src/report/errors.js';

const full = new PlumbError('PLB_MAP_FULL', 'plumb_refs holds 4 entries; this plan needs 5', {
  origin: { path: 'hoth/deathstar', file: 'plumb.ts', line: 31, column: 3 },
  hint: 'Share rules.',
  detail: 'one\ntwo',
});
const bare = new PlumbError('PLB_LOCKED', 'somebody else applies', { hint: 'Wait.' });

describe('errors', () => {
  it('show code, line, path, message, detail and hint', () => {
    expect(renderErrors(listErrors(full), { colour: false })).toBe(
      [
        'error PLB_MAP_FULL  plumb.ts:31  hoth/deathstar',
        '  plumb_refs holds 4 entries; this plan needs 5',
        '',
        '  one',
        '  two',
        '',
        '  hint: Share rules.',
      ].join('\n'),
    );
  });

  it('of one phase are all shown, parted by an empty line', () => {
    const shown = renderErrors(listErrors(new PlumbErrors([full, bare])), { colour: false });
    expect(shown.split('\n\n').at(-1)).toBe(
      'error PLB_LOCKED\n  somebody else applies\n  hint: Wait.',
    );
    expect(shown).toContain('error PLB_MAP_FULL');
  });

  it('that are none of ours are called a defect, or a wrong command line', () => {
    expect(listErrors(new TypeError('x is not a function'))[0]).toMatchObject({
      code: 'PLB_INTERNAL',
      message: 'x is not a function',
    });
    const usage = Object.assign(new Error('Nonexistent flag: --x'), { oclif: { exit: 2 } });
    expect(listErrors(usage)[0]?.code).toBe('PLB_USAGE');
    expect(listErrors('text')[0]?.message).toBe('text');
  });

  it('are flat as JSON, without members that are not known', () => {
    expect(listErrors(full).map(errorToJson)).toEqual([
      {
        code: 'PLB_MAP_FULL',
        message: 'plumb_refs holds 4 entries; this plan needs 5',
        path: 'hoth/deathstar',
        file: 'plumb.ts',
        line: 31,
        column: 3,
        detail: 'one\ntwo',
        hint: 'Share rules.',
      },
    ]);
    expect(Object.keys(errorToJson(listErrors(bare)[0]!))).toEqual(['code', 'message', 'hint']);
  });

  it('take colours only when asked', () => {
    expect(renderErrors(listErrors(full), { colour: true })).toContain('\u001b[31m');
    expect(renderErrors(listErrors(full), { colour: false })).not.toContain('\u001b');
  });
});
