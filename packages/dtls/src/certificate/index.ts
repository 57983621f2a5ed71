export type { CertificateAlgorithm, EcdsaAlgorithm, Ed25519Algorithm, RsaAlgorithm, RsaHash } from './algorithm.ts';
export { Certificate, type Fingerprint, type FingerprintAlgorithm, type GenerateOptions } from './certificate.ts';
export { CertificateError, type CertificateErrorCode } from './errors.ts';
export { type VerifyChainOptions, verifyChain } from './verify-chain.ts';
