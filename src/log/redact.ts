/** What stands where a secret stood. */
const redacted = '[redacted]';

/** Shorter ones are no secrets, and would be found in every other word. */
const shortestSecret = 6;

/** Credentials and queries of URLs, wherever they stand in a text or in JSON. */
const patterns: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Of a signed URL the query is the signature; of a webhook's, often the token.
  [/(\bhttps?:\/\/[^\s"'<>\\?#]*)[?#][^\s"'<>\\]*/gi, `$1?${redacted}`],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s"'<>\\/@]+@/gi, `$1${redacted}@`],
  // The same without its host, as servers name what they were asked.
  [
    /([?&](?:X-(?:Amz|Goog)-[\w-]+|sig|signature|AWSAccessKeyId|GoogleAccessId|token|access_token)=)[^\s"'<>\\&]*/gi,
    `$1${redacted}`,
  ],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${redacted}`],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, redacted],
];

/**
 * A function that takes credentials out of a text: queries and users of URLs, tokens of headers, private keys, and whichever of `secrets` stand
 * there, as they are, in base64, in JSON or as a part of a URL.
 */
export function createRedact(secrets: readonly string[] = []): (text: string) => string {
  const known = [...new Set(secrets)].filter((secret) => secret.length >= shortestSecret).flatMap(spellings);
  // The longest first: one may be a part of another.
  const spelled = [...new Set(known)].toSorted((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const one of spelled) clean = clean.replaceAll(one, redacted);
    for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement);
    return clean;
  };
}

function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString('base64'),
    bytes.toString('base64url'),
  ];
}
