// The contract for people, drawn from /api/openapi.json alone: it works offline and needs no inline script or style.
import { useEffect, useMemo, useState } from 'react';
import { CallCard } from './CallCard';
import { type Call, callsOf, type Contract, fits } from './document';
import { Prose } from './Prose';

function useContract() {
    const [contract, setContract] = useState<Contract | null>(null);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
        fetch('/api/openapi.json')
            .then(async (answer) => setContract((await answer.json()) as Contract))
            .catch(() => setFailed(true));
    }, []);
    return { contract, failed };
}

/** The operation that the address names, which stands open. */
function useAnchor(): string {
    const [anchor, setAnchor] = useState(() => location.hash.slice(1));
    useEffect(() => {
        const follow = () => setAnchor(location.hash.slice(1));
        addEventListener('hashchange', follow);
        return () => removeEventListener('hashchange', follow);
    }, []);
    return anchor;
}

export function DocsPage() {
    const { contract, failed } = useContract();
    const [words, setWords] = useState('');
    const anchor = useAnchor();
    const calls = useMemo(() => (contract ? callsOf(contract) : []), [contract]);
    const shown = useMemo(() => calls.filter((call) => fits(call, words)), [calls, words]);
    useEffect(() => {
        if (contract && anchor) document.getElementById(anchor)?.scrollIntoView();
    }, [anchor, contract]);
    if (failed)
        return (
            <p role="alert" className="p-8 text-center text-muted">
                The document could not be loaded. Is the server there?
            </p>
        );
    if (!contract)
        return (
            <p role="status" className="p-8 text-center text-muted">
                Loading…
            </p>
        );
    return (
        <>
            <header className="sticky top-0 z-10 border-b border-line bg-canvas/90 backdrop-blur">
                <div className="mx-auto flex max-w-6xl items-center gap-4 px-4 py-3 sm:px-6">
                    <h1 className="text-lg whitespace-nowrap">
                        Live Confidente <span className="text-accent">API</span>
                    </h1>
                    <input
                        type="search"
                        value={words}
                        onChange={(event) => setWords(event.target.value)}
                        placeholder="Path, word or code"
                        aria-label="Search the operations"
                        className="ml-auto h-10 w-full max-w-64 min-w-0 rounded-control border border-line bg-surface px-3 text-sm"
                    />
                </div>
            </header>
            <div className="mx-auto grid max-w-6xl gap-8 px-4 py-6 sm:px-6 lg:grid-cols-[13rem_1fr]">
                <Contents contract={contract} calls={shown} />
                <main className="flex min-w-0 flex-col gap-10">
                    {words === '' && (
                        <section>
                            <Prose text={contract.info.description} />
                            <p className="mt-4 flex flex-wrap gap-x-6 gap-y-2 text-sm">
                                <a
                                    href="/api/openapi.json"
                                    className="text-accent underline underline-offset-2"
                                >
                                    openapi.json
                                </a>
                                <span className="text-faint">Version {contract.info.version}</span>
                            </p>
                        </section>
                    )}
                    {contract.tags.map((tag) => (
                        <Section key={tag.name} contract={contract} tag={tag} calls={shown} anchor={anchor} />
                    ))}
                    {shown.length === 0 && <p role="status">Nothing here is called so.</p>}
                </main>
            </div>
        </>
    );
}

function Contents({ contract, calls }: { contract: Contract; calls: Call[] }) {
    return (
        <nav aria-label="Operations" className="hidden text-sm lg:block">
            <ul className="sticky top-20 flex max-h-[calc(100dvh-6rem)] flex-col gap-4 overflow-y-auto pr-2">
                {contract.tags.map((tag) => (
                    <li key={tag.name}>
                        <a href={`#${tag.name}`} className="font-semibold capitalize">
                            {tag.name}
                        </a>
                        <ul className="mt-1 flex flex-col gap-1 border-l border-line pl-3">
                            {calls
                                .filter((call) => call.tags.includes(tag.name))
                                .map((call) => (
                                    <li key={call.operationId}>
                                        <a
                                            href={`#${call.operationId}`}
                                            className="text-muted hover:text-ink"
                                        >
                                            {call.summary}
                                        </a>
                                    </li>
                                ))}
                        </ul>
                    </li>
                ))}
            </ul>
        </nav>
    );
}

function Section({
    contract,
    tag,
    calls,
    anchor,
}: {
    contract: Contract;
    tag: Contract['tags'][number];
    calls: Call[];
    anchor: string;
}) {
    const own = calls.filter((call) => call.tags.includes(tag.name));
    if (own.length === 0) return null;
    return (
        <section id={tag.name} className="scroll-mt-20">
            <h2 className="text-2xl capitalize">{tag.name}</h2>
            <p className="mt-1 mb-4 text-muted">{tag.description}</p>
            <div className="flex flex-col gap-3">
                {own.map((call) => (
                    <CallCard
                        key={call.operationId + String(call.operationId === anchor)}
                        contract={contract}
                        call={call}
                        open={call.operationId === anchor}
                    />
                ))}
            </div>
        </section>
    );
}
