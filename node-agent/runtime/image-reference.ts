import { RuntimeError } from './runtime.ts';

/** An image name as Docker takes it apart. */
export interface ImageReference {
  /** With the registry's host where one was given. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** distribution/reference's grammar; every quantifier stands over disjoint characters, so matching is linear. */
const host = String.raw`(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?`;
const component = String.raw`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`;
const grammar = new RegExp(
  String.raw`^((?:${host}/)?${component}(?:/${component})*)(?::([\w][\w.-]{0,127}))?(?:@([a-z0-9+._-]+:[0-9a-f]{32,}))?$`,
  'u',
);
const maxReferenceLength = 512;

/** Throws "invalid-image-name" for a name Docker would not take; a bad name never reaches Docker's URL space. */
export function parseReference(image: string): ImageReference {
  // Only a host may have capitals, and what has neither dot nor port is none.
  const match = image.length <= maxReferenceLength ? grammar.exec(image) : null;
  if (match?.[1] === undefined || /^[^/.:]*[A-Z][^/.:]*\//.test(match[1])) {
    throw new RuntimeError(
      'invalid-image-name',
      `Cannot use image "${image.slice(0, 200)}": invalid reference format`,
    );
  }
  const digest = match[3];
  // Docker takes a name without a tag as all tags of it; Kubernetes means "latest".
  const tag = match[2] ?? (digest === undefined ? 'latest' : undefined);
  return { repository: match[1], tag, digest };
}

/** An image's ID rather than a name, "sha256:…". */
export function isImageId(image: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(image);
}
