/** A request on its way through a proxy, as rules see it. */
export interface ProxiedRequest {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  /** The fields of a form body, such as EC2's `Action` and its parameters. Empty for every other body. */
  readonly form: URLSearchParams;
}

/** Which requests are meant: those that fit in everything that is given. */
export interface RequestPattern {
  readonly method?: string;
  /** Found in the path with its query. */
  readonly path?: RegExp;
  /** The field `Action` of a form body. */
  readonly action?: string;
  /** Found in fields of a form body. */
  readonly form?: Readonly<Record<string, RegExp>>;
}

/**
 * What goes wrong. `before` is before the server hears of the request, `after` is when the server has done it and answered:
 * by `drop`, `truncate` and a late `reset` the client does not learn what was done.
 */
export type Fault =
  | { readonly type: 'delay'; readonly at: 'before' | 'after'; readonly ms: number }
  /** Answered in the server's place. `retryAfterSeconds` is the header of that name. */
  | {
      readonly type: 'refuse';
      readonly status: number;
      readonly retryAfterSeconds?: number;
      readonly body?: string;
      readonly contentType?: string;
    }
  /** The connection is torn down by a TCP reset. */
  | { readonly type: 'reset'; readonly at: 'before' | 'after' }
  /** The server's answer is lost: the connection closes without one. */
  | { readonly type: 'drop' }
  /** The answer's body ends after so many bytes of it, and the connection with it. */
  | { readonly type: 'truncate'; readonly bytes: number }
  /** Held until `release` is called; `caught` hears of it. */
  | { readonly type: 'hold'; readonly at: 'before' | 'after'; readonly caught: (held: Held) => void };

/** A request that waits in the proxy. */
export interface Held {
  /** Lets it go on, even if its client is gone: what was sent is on its way. */
  release(): void;
}

/** Which of the requests that match a rule are hit, counted by the rule itself from 1 on. */
export type Occasion =
  | { readonly nth: number }
  | { readonly first: number }
  | { readonly every: number }
  /** Of 0 to 1. */
  | { readonly probability: number };

/** A fault and the requests that it happens to. */
export interface FaultRule {
  /** Default: every request. */
  readonly match?: RequestPattern;
  /** Default: each that matches. */
  readonly when?: Occasion;
  readonly fault: Fault;
}

/** Whether a request is one of those that are meant. */
export function matches({ method, path, action, form }: RequestPattern, request: ProxiedRequest): boolean {
  return (
    (method === undefined || method === request.method) &&
    (path === undefined || path.test(request.path)) &&
    (action === undefined || action === request.form.get('Action')) &&
    Object.entries(form ?? {}).every(([field, wanted]) => wanted.test(request.form.get(field) ?? ''))
  );
}

/** Rules with their counts. All rules that hit a request take part in it, in the order in which they were added. */
export class FaultRules {
  readonly #random: () => number;
  readonly #rules: { readonly rule: FaultRule; matched: number }[] = [];

  /** @param random gives numbers from 0 to 1, 1 excluded */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Adds a rule. The function that is returned takes it away again. */
  add(rule: FaultRule): () => void {
    const counted = { rule, matched: 0 };
    this.#rules.push(counted);
    return () => {
      const index = this.#rules.indexOf(counted);
      if (index >= 0) this.#rules.splice(index, 1);
    };
  }

  clear(): void {
    this.#rules.length = 0;
  }

  /** Counts a request, and tells what is to happen to it. */
  faultsOf(request: ProxiedRequest): Fault[] {
    const matching = this.#rules.filter(({ rule }) => matches(rule.match ?? {}, request));
    return matching.filter((counted) => this.#hits(counted.rule.when, ++counted.matched)).map(({ rule }) => rule.fault);
  }

  #hits(when: Occasion | undefined, matched: number): boolean {
    if (when === undefined) return true;
    if ('nth' in when) return matched === when.nth;
    if ('first' in when) return matched <= when.first;
    if ('every' in when) return matched % when.every === 0;
    return this.#random() < when.probability;
  }
}
