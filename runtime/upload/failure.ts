import type { Outcome } from './retry.ts'

/** No answer came, or none that is HTTP. */
export const LINE_FAULTS = [
  'dns',
  'refused',
  'unreachable',
  'reset',
  'timeout',
  'tls',
  'protocol',
] as const
export type LineFault = (typeof LINE_FAULTS)[number]

/** What is done about it; docs/PROTOCOL.md section 2 has the table. */
export type FailureClass =
  /** the same again after a wait, from where the cloud stands */
  | 'retry'
  /** another token, at once the first time */
  | 'credentials'
  /** the plan is asked for */
  | 'plan'
  /** told of once, tried again up to once a minute: someone must act, or set the clock */
  | 'configuration'
  /** this slice cannot go there: it is given up, the next one goes on */
  | 'data'

/** Every way in which a request fails. What is not a fault of the line is an answer, named by what it leads to. */
export type FailureCause =
  | LineFault
  /** an answer of something that is not the cloud */
  | 'portal'
  /** 408, 425 */
  | 'busy'
  /** no credentials were to be had */
  | 'denied'
  | Exclude<Outcome, 'ok' | 'retry'>

export const CLASS_OF: Readonly<Record<FailureCause, FailureClass>> = {
  dns: 'retry',
  refused: 'retry',
  unreachable: 'retry',
  reset: 'retry',
  timeout: 'retry',
  tls: 'configuration',
  protocol: 'retry',
  portal: 'retry',
  busy: 'retry',
  later: 'retry',
  wrong: 'retry',
  full: 'retry',
  offset: 'retry',
  checksum: 'retry',
  unknown: 'retry',
  smaller: 'retry',
  denied: 'credentials',
  token: 'credentials',
  forbidden: 'credentials',
  plan: 'plan',
  config: 'configuration',
  gone: 'data',
  reject: 'data',
}
export const FAILURE_CAUSES = Object.keys(CLASS_OF) as FailureCause[]

const CODES: readonly [RegExp, LineFault][] = [
  [/^(ENOTFOUND|EAI_\w+|ENODATA|ESERVFAIL)$/, 'dns'],
  [/^ECONNREFUSED$/, 'refused'],
  [/^(EHOSTUNREACH|ENETUNREACH|ENETDOWN|EHOSTDOWN|EADDRNOTAVAIL)$/, 'unreachable'],
  [/^ETIMEDOUT$/, 'timeout'],
  [/^(EPROTO|ERR_SSL_\w+|ERR_TLS_\w+|CERT_\w+|\w+_CERT|\w+_CERT_\w+|\w+_LEAF_SIGNATURE)$/, 'tls'],
]

/** Which fault of the line an error of a socket is; the codes are those of node, which Bun and Deno use too. */
export const lineFaultOf = (error: Error): LineFault => {
  const code = String((error as NodeJS.ErrnoException).code ?? '')
  return CODES.find(([pattern]) => pattern.test(code))?.[1] ?? 'reset'
}

/** Failures by cause since the start, in fixed memory. */
export class FailureCounts {
  readonly #counts = new Float64Array(FAILURE_CAUSES.length)

  count(cause: FailureCause): void {
    this.#counts[FAILURE_CAUSES.indexOf(cause)]!++
  }

  of(cause: FailureCause): number {
    return this.#counts[FAILURE_CAUSES.indexOf(cause)]!
  }

  ofClass(name: FailureClass): number {
    return FAILURE_CAUSES.reduce(
      (sum, cause) => (CLASS_OF[cause] === name ? sum + this.of(cause) : sum),
      0,
    )
  }
}
