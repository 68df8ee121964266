/** An address of an endpoint of this node. */
export interface AuditedAddress {
  readonly identity: number;
  readonly address: string;
  /** What its policies deny is let through, and told. */
  readonly isAudited: boolean;
}

/** By identity and address; identities of which no endpoint is audited are left out. */
export function auditsOf(
  endpoints: readonly AuditedAddress[],
): ReadonlyMap<number, ReadonlyMap<string, boolean>> {
  const audits = new Map<number, Map<string, boolean>>();
  for (const { identity, address, isAudited } of endpoints) {
    const known = audits.get(identity) ?? new Map<string, boolean>();
    audits.set(identity, known.set(address, isAudited));
  }
  return new Map([...audits].filter(([, own]) => [...own.values()].includes(true)));
}
