/** What the SDK's clients take for `credentials`. */
export type AwsCredentialsProvider = ReturnType<typeof import('@aws-sdk/credential-provider-ini').fromIni>;

/** Credentials of a file are read again after half of it: they may be replaced while a worker runs. */
const credentialsLastMs = 600_000;

/** Reads keys of an INI file in AWS' shared format; it is the configuration file too, with its roles and processes. */
export async function awsFileCredentials(
  filepath: string,
  profile: string | undefined,
): Promise<AwsCredentialsProvider> {
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  const read = fromIni({ filepath, configFilepath: filepath, ignoreCache: true, ...(profile && { profile }) });
  return async (identity) => {
    const credentials = await read(identity);
    return { expiration: new Date(Date.now() + credentialsLastMs), ...credentials };
  };
}
