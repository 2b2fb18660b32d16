/** Entry of the test build: the encoder's ABI, and the insides that tests/assembly/aac looks at. */
export * from './exports';
