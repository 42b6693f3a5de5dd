import { getCACertificates } from 'node:tls';

/** The authorities to trust: those of the system, as Node finds them, and the location's own. */
export function trusted(caCert: string): string[] {
  return [...getCACertificates('default'), pemOf(caCert)];
}

/** A certificate as TLS takes it: as it is, or decoded from the Base64 that Velero's locations hold. */
export function pemOf(caCert: string): string {
  return caCert.includes('-----BEGIN') ? caCert : Buffer.from(caCert, 'base64').toString('utf8');
}
