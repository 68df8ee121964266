// As of the OpenMetrics specification 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/).

export interface Sample {
  /** In the order in which they are to stand. */
  readonly labels: Readonly<Record<string, string>>;
  /** Not negative for a counter. */
  readonly value: number | bigint;
}

export interface MetricFamily {
  /** Without `_total` or `_info`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'info';
  /** Then the name ends with it. */
  readonly unit?: 'bytes';
  readonly help: string;
  readonly samples: readonly Sample[];
}

const SUFFIX = { counter: '_total', gauge: '', info: '_info' } as const;

/** The text that a scraper reads, `# EOF` included. Families without samples are left out. */
export function renderOpenMetrics(families: readonly MetricFamily[]): string {
  const lines = families.filter(({ samples }) => samples.length > 0).flatMap(familyLines);
  return [...lines, '# EOF', ''].join('\n');
}

function familyLines({ name, type, unit, help, samples }: MetricFamily): string[] {
  return [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escape(help)}`,
    ...samples.map(
      ({ labels, value }) => `${name}${SUFFIX[type]}${labelText(labels)} ${String(value)}`,
    ),
  ];
}

function labelText(labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
