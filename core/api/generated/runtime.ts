// Generated from core/api/schema/*.json by `npm run generate`. Do not edit.


export interface TypeMeta {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
}

export interface Unknown {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
}

