/** What a span tells beside its name: words and numbers; no content of an item, no object's name, no credential, no query of a URL. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A call that is under way, as traces see it. */
export interface Span {
  /** Adds to what it tells. */
  set(attributes: SpanAttributes): void;
  /** Tells that the call is over; `error` is what it failed with, of which the code alone is told. Called once. */
  end(error?: unknown): void;
}

/** Records calls to servers as spans of the trace that is under way. Where none is, nothing is recorded. */
export interface Trace {
  begin(name: string, attributes: SpanAttributes): Span;
}
