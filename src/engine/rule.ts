import type { EntityManager } from '@mikro-orm/postgresql'

/** What a rule of the application is given beside the record. */
export interface RuleContext {
  /** In the transaction of the job. */
  readonly em: EntityManager
  /** The name of the resource. */
  readonly resource: string
  /** The change set, as it came in JSON. */
  readonly set: Readonly<Record<string, unknown>>
  /** Who launched the job; null for an anonymous caller. */
  readonly user: { readonly id: string, readonly label: string } | null
}

/** What a rule answers: text, or an object with a message, says why the record is refused; false refuses without a reason. */
export type Verdict<Entity = object> = void | undefined | null | boolean | string | { readonly message: string, readonly field?: string & keyof Entity }
