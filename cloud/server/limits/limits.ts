import { TokenBuckets } from './token-bucket.ts'

/** A page that scrubs asks for many pictures at once; a program that runs wild is held to this. */
const API_PER_SECOND = 100
const API_BURST = 600
/** Ten tries, then one every twelve seconds; by address, so that one guesser does not lock the others out. */
const LOGIN_ADDRESS_BURST = 10
/** By name, from wherever: slower, since many addresses cost a guesser little. */
const LOGIN_NAME_BURST = 20
const LOGIN_PER_SECOND = 1 / 12

export type Limits = {
  api: TokenBuckets
  loginByAddress: TokenBuckets
  loginByName: TokenBuckets
  registration: TokenBuckets
  /** proxies in front of the server, whose X-Forwarded-For is believed */
  proxies: number
}

/** @param apiPerSecond requests of the API per address and second, on average */
export const createLimits = (
  now: () => number,
  { proxies = 0, apiPerSecond = API_PER_SECOND } = {},
): Limits => ({
  api: new TokenBuckets(apiPerSecond, (apiPerSecond * API_BURST) / API_PER_SECOND, now),
  loginByAddress: new TokenBuckets(LOGIN_PER_SECOND, LOGIN_ADDRESS_BURST, now),
  loginByName: new TokenBuckets(LOGIN_PER_SECOND, LOGIN_NAME_BURST, now),
  registration: new TokenBuckets(LOGIN_PER_SECOND, LOGIN_ADDRESS_BURST, now),
  proxies,
})
