import type { KubernetesObject } from '../api/object.ts';
import { apiVersionOf } from '../api/resource.ts';
import type { KindDeclaration, Scheme } from '../api/scheme.ts';
import type { UserInfo } from '../api/verbs.ts';
import type { AdmissionRequest } from './chain.ts';

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** Who the process itself is, to those outside that are asked. */
const itself: UserInfo = { name: 'system:apiserver', groups: ['system:masters'] };

/** A request as rules, webhooks and policies see it: in the form that was asked for, or in another one of the kind. */
export class Attributes {
  readonly request: AdmissionRequest;
  /** The form that was asked for. */
  readonly requested: KindDeclaration;
  readonly #scheme: Scheme;
  #forms: readonly KindDeclaration[] | undefined;

  constructor(request: AdmissionRequest, scheme: Scheme) {
    this.request = request;
    this.#scheme = scheme;
    this.requested = request.view?.requested ?? request.declaration;
  }

  /** All forms of the kind, the one that was asked for first. */
  forms(): readonly KindDeclaration[] {
    return (this.#forms ??= this.#findForms());
  }

  #findForms(): readonly KindDeclaration[] {
    const { declaration, view } = this.request;
    // What is no object of the kind has no other form.
    if (view?.body !== undefined) return [this.requested];
    const others = this.#scheme
      .all()
      .filter((form) => form !== this.requested && isFormOf(form, declaration));
    return [this.requested, ...others];
  }

  /** What bodies are in a form. */
  kindIn(form: KindDeclaration): GroupVersionKind {
    const { group, version, kind } = this.request.view?.body ?? form;
    return { group, version, kind };
  }

  resourceIn({ group, version, plural }: KindDeclaration): GroupVersionResource {
    return { group, version, resource: plural };
  }

  /** What is wanted, in a form; null for deletions. */
  objectIn(form: KindDeclaration): Promise<KubernetesObject | null> {
    return this.#shown(this.request.object, form);
  }

  /** What is stored, in a form; null for creations. */
  oldObjectIn(form: KindDeclaration): Promise<KubernetesObject | null> {
    return this.#shown(this.request.old, form);
  }

  async #shown(
    object: KubernetesObject | undefined,
    form: KindDeclaration,
  ): Promise<KubernetesObject | null> {
    if (object === undefined) return null;
    const { show } = this.request.view ?? {};
    if (show !== undefined) return show(object);
    return inForm(object, this.request.declaration, form, this.request.signal);
  }

  /** The user, as reviews and expressions write it. */
  userInfo(): Readonly<Record<string, unknown>> {
    const { name, uid, groups, extra } = this.request.user ?? itself;
    return {
      username: name,
      ...(uid === undefined ? {} : { uid }),
      groups,
      ...(extra === undefined ? {} : { extra }),
    };
  }
}

function isFormOf(form: KindDeclaration, stored: KindDeclaration): boolean {
  if (form.plural !== stored.plural) return false;
  if (form === stored) return true;
  if (stored.custom !== undefined) return form.custom !== undefined && form.group === stored.group;
  const { conversion } = form;
  return conversion?.group === stored.group && conversion.version === stored.version;
}

/** An object in its stored form, in another form of its kind. */
export async function inForm(
  object: KubernetesObject,
  stored: KindDeclaration,
  form: KindDeclaration,
  signal: AbortSignal | undefined,
): Promise<KubernetesObject> {
  if (form.custom !== undefined) {
    if (object.apiVersion === apiVersionOf(form)) return object;
    const [converted] = await form.custom.convert([object], form.version, signal);
    return converted ?? object;
  }
  if (form === stored || form.conversion === undefined) return object;
  return form.conversion.fromStored(object);
}

/** An object in one of its kind's forms, in the form in which admission passes it on. */
export async function asAdmitted(
  object: KubernetesObject,
  form: KindDeclaration,
  { declaration, signal }: AdmissionRequest,
): Promise<KubernetesObject> {
  if (form.custom !== undefined) return inForm(object, form, declaration, signal);
  return form.conversion === undefined ? object : form.conversion.toStored(object);
}
