// The fields of a schema, as deep as one cares to open them.
import { type Contract, follow, innerOf, type Schema, typeOf } from './document';
import { Prose } from './Prose';

const deepest = 5;

export function Shape({
    contract,
    schema,
    depth = 0,
}: {
    contract: Contract;
    schema: Schema;
    depth?: number;
}) {
    const inner = innerOf(schema);
    const fields = inner ? Object.entries(follow(contract, inner).properties ?? {}) : [];
    if (fields.length === 0) return <Type schema={schema} />;
    const required = inner ? (follow(contract, inner).required ?? []) : [];
    return (
        <ul className={depth > 0 ? 'border-l border-line pl-4' : 'divide-y divide-line/60'}>
            {fields.map(([name, field]) => (
                <li key={name} className="py-2">
                    <Field
                        contract={contract}
                        name={name}
                        schema={field}
                        optional={!required.includes(name)}
                        depth={depth}
                    />
                </li>
            ))}
        </ul>
    );
}

function Type({ schema }: { schema: Schema }) {
    return <span className="font-mono text-[0.8125rem] text-gold wrap-anywhere">{typeOf(schema)}</span>;
}

export function Field({
    contract,
    name,
    schema,
    optional,
    note,
    depth = 0,
}: {
    contract: Contract;
    name: string;
    schema: Schema;
    optional: boolean;
    note?: string;
    depth?: number;
}) {
    const inner = innerOf(schema);
    const opens = depth < deepest && inner && follow(contract, inner).properties;
    const told = schema.description ?? (schema.$ref ? follow(contract, schema).description : undefined);
    return (
        <>
            <p className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5">
                <span className="font-mono text-[0.8125rem] font-semibold">{name}</span>
                <Type schema={schema} />
                {optional && <span className="text-xs text-faint">optional</span>}
                {note && <span className="text-xs text-faint">{note}</span>}
            </p>
            {told && <Prose text={told} className="mt-0.5 text-sm" />}
            {opens && (
                <details className="mt-1">
                    <summary className="w-fit cursor-pointer text-xs font-semibold text-accent">
                        Fields of {typeOf(inner)}
                    </summary>
                    <div className="mt-1">
                        <Shape contract={contract} schema={schema} depth={depth + 1} />
                    </div>
                </details>
            )}
        </>
    );
}
