/** A rule in the words of its plug-in: one of `l7` beside `l7proto`. */
export type PluginRule = Readonly<Record<string, string>>;

/**
 * A protocol of questions and answers over TCP, for `rules: { l7proto, l7 }`. Each question has one
 * answer, and they come in the order of the questions. See docs/plugins.md.
 */
export interface ProtocolPlugin<Request = unknown> {
  /** What rules call it in `l7proto`. */
  readonly name: string;
  /** What is wrong with a rule; undefined when nothing is. Fields that mean nothing are wrong. */
  ruleProblem(rule: PluginRule): string | undefined;
  /** Reads what one client says. */
  requests(): Reader<Request>;
  /** Reads what its server answers; only how many answers there are counts. */
  answers(): Reader<unknown>;
  /**
   * Whether what comes after such a request is known yet. A request that changes the protocol, or has
   * no answer or many, cannot be followed: it is denied whatever rules say.
   */
  canFollow(request: Request): boolean;
  matches(rule: PluginRule, request: Request): boolean;
  /** What the server gets. It is made from what was judged, so that it means nothing else. */
  encode(request: Request): Buffer;
  /** What the client gets for a request that is denied. */
  deny(request: Request): Buffer;
  /** In a few words and on one line, without what may be secret: for logs. */
  describe(request: Request): string;
  /** A request as somebody writes it in `plumb verdict --l7`; undefined where it is none. */
  parse(text: string): Request | undefined;
}

/** Takes a stream in pieces of any size. */
export interface Reader<T> {
  /** What is complete with this piece. @throws Error for what is not of the protocol */
  push(data: Buffer): readonly T[];
}

/** Position of the first rule that lets a request through; undefined: it is denied; -1: there are no rules. */
export function judge<Request>(
  plugin: ProtocolPlugin<Request>,
  rules: readonly PluginRule[],
  request: Request,
): number | undefined {
  if (!plugin.canFollow(request)) return undefined;
  if (rules.length === 0) return -1;
  const first = rules.findIndex((rule) => plugin.matches(rule, request));
  return first < 0 ? undefined : first;
}
