/** The names that an action may have: with a prefix, such as `velero.io/pod`. */
export const actionName: RegExp = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\/[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;
