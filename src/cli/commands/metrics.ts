import { Flags } from '@oclif/core';
import { nodeMetrics } from '../../engine/metrics.js';
import { metricFamilies, renderUnused } from '../../report/metrics.js';
import { renderOpenMetrics } from '../../report/openmetrics.js';
import { PlumbCommand } from '../base.js';

export default class Metrics extends PlumbCommand {
  static override summary = 'Print what the node counts, for a scraper (OpenMetrics).';
  static override description =
    'Packets and bytes by reason and by rule, entries of maps against what they hold, flows and lost events. See docs/observability.md for what to alert on.';
  static override flags = {
    unused: Flags.boolean({ description: 'print only the rules that no packet met so far' }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Metrics);
    const metrics = await nodeMetrics(flags);
    // The text ends with a line feed of its own, and nothing may follow it.
    if (flags.unused) this.log(renderUnused(metrics));
    else if (!this.jsonEnabled()) process.stdout.write(renderOpenMetrics(metricFamilies(metrics)));
    return metrics;
  }
}
