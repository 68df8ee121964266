import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NameStore } from '../../../src/proxy/dns/name-store.js';

const NAMES = ['a.test', 'b.test', 'c.test'];
const ADDRESSES = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1'];

const learning = fc.record({
  kind: fc.constant('learn' as const),
  name: fc.constantFrom(...NAMES),
  addresses: fc.uniqueArray(fc.constantFrom(...ADDRESSES), { minLength: 1 }),
  ttl: fc.integer({ min: 0, max: 50 }),
});
const expiring = fc.record({
  kind: fc.constant('expire' as const),
  inUse: fc.uniqueArray(fc.constantFrom(...ADDRESSES)),
});
const restarting = fc.record({ kind: fc.constant('restart' as const) });
/** What happens, and how many seconds after what was before it. */
const history = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 30 }), fc.oneof(learning, expiring, restarting)),
  { maxLength: 30 },
);
const GRACE = 20;

/** By reading the whole history: until when an address is known for a name. */
class Model {
  readonly #until = new Map<string, number>();

  learn(name: string, address: string, until: number): void {
    const key = `${name} ${address}`;
    this.#until.set(key, Math.max(until, this.#until.get(key) ?? 0));
  }

  expire(now: number, inUse: readonly string[]): void {
    for (const [key, until] of this.#until) {
      if (now < until + GRACE) continue;
      if (inUse.includes(key.split(' ')[1] ?? '')) this.#until.set(key, now);
      else this.#until.delete(key);
    }
  }

  known(now: number): string[] {
    return [...this.#until].filter(([, until]) => now < until + GRACE).map(([key]) => key);
  }
}

describe('names and their addresses', () => {
  it('are known until their time and the grace are over, through any history and restarts', () => {
    fc.assert(
      fc.property(history, (events) => {
        let store = new NameStore({ grace: GRACE });
        const model = new Model();
        let now = 1000;
        for (const [later, event] of events) {
          now += later;
          if (event.kind === 'learn') {
            store.learn(event, now);
            for (const address of event.addresses)
              model.learn(event.name, address, now + event.ttl);
          } else if (event.kind === 'expire') {
            store.expire(now, (address) => event.inUse.includes(address));
            model.expire(now, event.inUse);
          } else {
            const next = new NameStore({ grace: GRACE });
            next.restore(JSON.parse(JSON.stringify(store.entries())) as never);
            store = next;
          }
          expect(flat(store, now).sort()).toEqual(model.known(now).sort());
        }
      }),
    );
  });

  it('are never more than the limits, and those of the last answer are among them', () => {
    const limits = { grace: GRACE, addressesPerName: 2, names: 2 };
    fc.assert(
      fc.property(fc.array(learning, { minLength: 1 }), (events) => {
        const store = new NameStore(limits);
        events.forEach((event, now) => {
          store.learn(event, now);
          const bindings = store.bindings(now);
          expect(bindings.length).toBeLessThanOrEqual(2);
          for (const { addresses } of bindings) expect(addresses.length).toBeLessThanOrEqual(2);
          const own = bindings.find(({ name }) => name === event.name)?.addresses ?? [];
          const kept = event.addresses.filter((address) => own.includes(address));
          expect(kept).toHaveLength(Math.min(2, event.addresses.length));
        });
        const again = new NameStore(limits);
        again.restore(store.entries());
        expect(again.entries()).toEqual(store.entries());
      }),
    );
  });

  it('are never more than all names may have, and the last answer is always among them', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(learning, expiring), { minLength: 1 }), (events) => {
        const store = new NameStore({ grace: 0, addresses: 4 });
        events.forEach((event, now) => {
          if (event.kind === 'expire') {
            store.expire(now, (address) => event.inUse.includes(address));
            return;
          }
          store.learn({ ...event, ttl: event.ttl + 1 }, now);
          const known = store.entries().flatMap(([, entry]) => Object.keys(entry));
          expect(known.length).toBeLessThanOrEqual(4);
          const [, last = {}] = store.entries().at(-1) ?? [];
          expect(Object.keys(last)).toEqual(expect.arrayContaining(event.addresses));
        });
      }),
    );
  });

  it('that rules are about stay, whatever else is asked for', () => {
    const store = new NameStore({
      names: 10,
      addresses: 20,
      isMeant: (name) => name === 'meant.test',
    });
    store.learn({ name: 'meant.test', addresses: ['192.0.2.1'], ttl: 60 }, 0);
    for (let i = 0; i < 100; i++) {
      const addresses = Array.from(
        { length: 1 + (i % 7) },
        (_, n) => `10.0.${String(i)}.${String(n)}`,
      );
      store.learn({ name: `n${String(i)}.test`, addresses, ttl: 60 }, 0);
      expect(store.entries().length).toBeLessThanOrEqual(10);
      expect(store.entries()[0]?.[0]).toBe('meant.test');
    }
  });

  it('expire when the store says that something does, and not before', () => {
    fc.assert(
      fc.property(fc.array(learning, { minLength: 1 }), (events) => {
        const store = new NameStore({ grace: GRACE });
        events.forEach((event, now) => {
          store.learn(event, now);
        });
        for (let at = store.nextExpiry; at !== undefined; at = store.nextExpiry) {
          expect(store.expire(at - 1)).toBe(false);
          expect(store.expire(at)).toBe(true);
        }
        expect(store.entries()).toEqual([]);
      }),
    );
  });

  it('are not believed to hold for longer than a day', () => {
    const store = new NameStore({ grace: 0 });
    store.learn({ name: 'a.test', addresses: ['192.0.2.1'], ttl: 2 ** 31 }, 0);
    expect(store.nextExpiry).toBe(86_400);
  });
});

function flat(store: NameStore, now: number): string[] {
  return store
    .bindings(now)
    .flatMap(({ name, addresses }) => addresses.map((address) => `${name} ${address}`));
}
