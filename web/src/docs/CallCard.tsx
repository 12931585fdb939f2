// One operation: a line that opens into everything one needs to call it.
import type { ReactNode } from 'react';
import { type Body, type Call, type Contract, follow } from './document';
import { Code, Prose } from './Prose';
import { Field, Shape } from './Shape';

const looks: Record<string, string> = {
    GET: 'border-good/50 text-good',
    POST: 'border-accent/50 text-accent',
    PUT: 'border-gold/50 text-gold',
    PATCH: 'border-gold/50 text-gold',
    DELETE: 'border-bad/50 text-bad',
    OPTIONS: 'border-line text-muted',
};

export function CallCard({ contract, call, open }: { contract: Contract; call: Call; open: boolean }) {
    const schemes = (call.security ?? []).flatMap((one) => Object.keys(one));
    return (
        <details
            id={call.operationId}
            open={open}
            className="scroll-mt-20 rounded-card border border-line bg-surface"
        >
            <summary className="flex cursor-pointer list-none flex-wrap items-center gap-x-3 gap-y-1 rounded-card px-4 py-3.5 sm:px-5 [&::-webkit-details-marker]:hidden">
                <span
                    className={`w-18 shrink-0 rounded-full border py-0.5 text-center font-mono text-[0.6875rem] font-bold ${looks[call.method] ?? ''}`}
                >
                    {call.method}
                </span>
                <span className="font-mono text-sm font-semibold wrap-anywhere">{call.path}</span>
                <span className="w-full text-sm text-muted sm:ml-auto sm:w-auto">{call.summary}</span>
            </summary>
            <div className="flex flex-col gap-5 border-t border-line px-4 py-4 sm:px-5">
                {call.description && <Prose text={call.description} />}
                <p className="text-sm text-muted">
                    {schemes.length === 0 ? (
                        'For everybody; no token is needed.'
                    ) : (
                        <>
                            Bearer: <Code>{schemes.join(' or ')}</Code>
                        </>
                    )}
                </p>
                <Parameters contract={contract} call={call} />
                {call.requestBody && (
                    <Part title="Body">
                        <Content contract={contract} body={follow(contract, call.requestBody)} />
                    </Part>
                )}
                <Part title="Answers">
                    <Answers contract={contract} call={call} />
                </Part>
            </div>
        </details>
    );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
    return (
        <section>
            <h3 className="mb-1.5 text-sm">{title}</h3>
            {children}
        </section>
    );
}

function Parameters({ contract, call }: { contract: Contract; call: Call }) {
    const parameters = (call.parameters ?? []).map((one) => follow(contract, one));
    if (parameters.length === 0) return null;
    return (
        <Part title="Parameters">
            <ul className="divide-y divide-line/60">
                {parameters.map((one) => (
                    <li key={one.name} className="py-2">
                        <Field
                            contract={contract}
                            name={one.name}
                            schema={{ description: one.description, ...one.schema }}
                            optional={!one.required}
                            note={`in ${one.in}`}
                        />
                    </li>
                ))}
            </ul>
        </Part>
    );
}

function Content({ contract, body }: { contract: Contract; body: Body }) {
    return Object.entries(body.content ?? {}).map(([type, media]) => (
        <div key={type} className="flex flex-col gap-2">
            <p className="font-mono text-xs text-faint">{type}</p>
            {media.schema && <Shape contract={contract} schema={media.schema} />}
            {media.example !== undefined && (
                // The keyboard scrolls it, so it takes the focus.
                // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
                <pre tabIndex={0} className="overflow-x-auto rounded-control bg-raised p-3 font-mono text-xs">
                    {JSON.stringify(media.example, null, 2)}
                </pre>
            )}
        </div>
    ));
}

function Answers({ contract, call }: { contract: Contract; call: Call }) {
    const answers = Object.entries(call.responses).map(([status, body]) => ({
        status,
        ...follow(contract, body),
    }));
    const good = answers.filter(({ status }) => status < '400');
    const problems = answers.filter(({ status }) => status >= '400');
    return (
        <div className="flex flex-col gap-3">
            {good.map((answer) => (
                <div key={answer.status}>
                    <p className="text-sm">
                        <strong className="mr-2 tabular text-good">{answer.status}</strong>
                        {answer.description}
                    </p>
                    <Content contract={contract} body={answer} />
                </div>
            ))}
            <p className="text-sm leading-7 text-muted">
                Problems: {problems.map(({ status }) => status).join(', ')}
                {call['x-problems'] && ' with '}
                {call['x-problems']?.map((code) => (
                    <span key={code} className="mr-1.5 inline-block">
                        <Code>{code}</Code>
                    </span>
                ))}
            </p>
        </div>
    );
}
