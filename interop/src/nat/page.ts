export function writePage(..._all: unknown[]): void {}
