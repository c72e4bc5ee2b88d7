import type { BulkOptions, EditableField, FieldChoices, FilterableField } from '../../../schemas/bulk-options.ts'
import { labelOf, type FieldShape } from '../../../schemas/entity/field.ts'
import type { Engine, EngineResource } from '../../engine/engine.ts'
import type { ReferenceChoices } from '../../engine/resource-options.ts'
import type { SelectionView } from '../../entities/selection.ts'
import { relatedChoices, type ChoicesPage } from './related-choices.ts'

export interface BulkOptionsRequest extends ChoicesPage {
  /** The one field that is asked about; undefined for all. */
  field: string | undefined
  view: SelectionView
  /** What the caller may do. */
  actions: BulkOptions['actions']
}

/**
 * Everything that a form for bulk work on a resource is built of.
 * @throws validation_failed for a cursor that was not ours, unavailable
 */
export async function describeBulkOptions (
  engine: Pick<Engine, 'orm' | 'database' | 'entityTables' | 'resources' | 'log'>, { options }: Pick<EngineResource, 'options'>, asked: BulkOptionsRequest
): Promise<BulkOptions> {
  const { bulkMaxSelectedRecords, bulkMinAsyncRecords } = options
  const fields = [...options.editable.values()].filter(({ name }) => asked.field === undefined || asked.field === name)
  return {
    fields: await Promise.all(fields.map(async (field) => editableField(field, await choicesOf(engine, options, field, asked)))),
    filterFields: [...options.filterable.values()].map(filterableField),
    limits: { bulkMaxSelectedRecords, bulkMinAsyncRecords },
    actions: asked.actions
  }
}

function members ({ name, label, kind, type, nullable, value }: FieldShape) {
  return { name, label, kind, type, nullable, schema: value }
}

function editableField (field: FieldShape, choices: FieldChoices | null): EditableField {
  return { ...members(field), choices }
}

function filterableField (field: FieldShape): FilterableField {
  return { ...members(field), operators: [...field.operators] }
}

async function choicesOf (
  engine: Pick<Engine, 'orm' | 'database' | 'entityTables' | 'resources' | 'log'>, { choices }: EngineResource['options'], field: FieldShape, { view, ...page }: BulkOptionsRequest
): Promise<FieldChoices | null> {
  const target = field.prop.targetMeta
  if (field.target === undefined || target === undefined) return listedChoices(field, page)
  const { label, search = [] } = (choices[field.name] ?? {}) as ReferenceChoices<never>
  return relatedChoices(engine, { target, em: view.em, condition: await view.choiceCondition?.(field.name), label, search }, page)
}

/** The values of a closed list, which is never long enough for pages. */
function listedChoices ({ type, value }: FieldShape, { search = '' }: ChoicesPage): FieldChoices | null {
  if (!Array.isArray(value.enum)) return null
  const items = (value.enum as (string | number | boolean)[]).map((item) => ({ value: item, label: typeof item === 'string' && type === 'enum' ? labelOf(item) : String(item) }))
  return { items: items.filter(({ label }) => label.toLowerCase().includes(search.toLowerCase())), nextCursor: null }
}
