export const DOCUMENT: URL;
export const TYPES: URL;
export function typesOfDocument(): Promise<string>;
