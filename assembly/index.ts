export * from './channel/abi';
export * from './aac/exports';
