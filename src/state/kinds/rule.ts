import type { Kind } from '../kind.js';

/** Rules of policy routing; the kernel changes none in place. */
export const rule: Kind<'rule'> = {
  name: 'rule',
  keyOf: ({ netns, family, priority, table, iif, oif, fwmark, fwmask }) =>
    [
      `${netns === undefined ? '' : `${netns}:`}${family} ${String(priority)}`,
      ...(iif === undefined ? [] : [`iif ${iif}`]),
      ...(oif === undefined ? [] : [`oif ${oif}`]),
      ...(fwmark === undefined ? [] : [`fwmark ${hex(fwmark)}/${hex(fwmask ?? 0xffff_ffff)}`]),
      `lookup ${String(table)}`,
    ].join(' '),
  normalize: ({ netns, family, priority, table, iif, oif, fwmark, fwmask }) => ({
    ...(netns === undefined ? {} : { netns }),
    family,
    priority,
    table,
    ...(iif === undefined ? {} : { iif }),
    ...(oif === undefined ? {} : { oif }),
    ...(fwmark === undefined ? {} : { fwmark, fwmask: fwmask ?? 0xffff_ffff }),
  }),
  changeFor: () => 'replace',
};

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
