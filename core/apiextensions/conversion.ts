import type { KubernetesObject } from '../api/object.ts';
import type { CustomKind } from '../api/scheme.ts';

/** Nothing but the version differs (spec.conversion.strategy "None"). */
export function convertByName(group: string): CustomKind['convert'] {
  return (objects, toVersion) =>
    Promise.resolve(objects.map((object) => renamed(object, `${group}/${toVersion}`)));
}

function renamed(object: KubernetesObject, apiVersion: string): KubernetesObject {
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}
