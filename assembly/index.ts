export * from './channel/abi';
