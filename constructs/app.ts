import { RootConstruct } from 'constructs';
import type { Origin } from '../src/model/error.js';
import type { ProgramDocument } from '../src/model/program.js';
import { callSite } from './call-site.js';
import { CIDRGroup } from './cidr-group.js';
import { Endpoint } from './endpoint.js';
import { lintIgnoresOf } from './lint.js';
import { Node } from './node.js';
import { Policy } from './policy.js';
import { specOf } from './rule-places.js';
import { Service } from './service.js';

/**
 * Where apps make themselves known, so that a program need not hand its app to anybody: a list on the
 * global object under this symbol.
 */
const APPS = Symbol.for('plumbline.apps');

/** The root of a program. Each program makes exactly one; what is not below it does not exist. */
export class App extends RootConstruct {
  /** Source position of the `new` that made this; its path is empty. */
  readonly origin: Origin;

  constructor() {
    super();
    this.origin = { path: '', ...callSite(new.target) };
    const all = globalThis as { [APPS]?: App[] | undefined };
    (all[APPS] ??= []).push(this);
  }

  /** What the program means, as plain data in the order of construction. */
  toDocument(): ProgramDocument {
    const all = this.node.findAll();
    const groups = all.filter((c) => c instanceof CIDRGroup);
    const lintIgnores = all.flatMap(lintIgnoresOf);
    return {
      version: 1,
      nodes: all.filter((c) => c instanceof Node).map((c) => c.toSpec()),
      endpoints: all.filter((c) => c instanceof Endpoint).map((c) => c.toSpec()),
      policies: all.filter((c) => c instanceof Policy).map(specOf),
      ...(groups.length > 0 && { cidrGroups: groups.map((c) => c.toSpec()) }),
      services: all.filter((c) => c instanceof Service).map((c) => c.toSpec()),
      ...(lintIgnores.length > 0 && { lintIgnores }),
    };
  }
}
