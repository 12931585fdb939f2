import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, NavLink, Route, Routes } from 'react-router';
import { formatTokens } from '@client/format/format';
import { Button, Empty } from '../components/ui/ui';
import { SignIn, SignUp } from '../features/auth/pages';
import { ChatPage, ChatsPage } from '../features/chat/pages';
import { HomePage } from '../features/lives/HomePage';
import { LivePage } from '../features/lives/LivePage';
import { StudioPage } from '../features/lives/StudioPage';
import { ModelPage } from '../features/profiles/ModelPage';
import { WalletPage } from '../features/wallet/WalletPage';
import { useWalletQuery } from './api';
import { tokens, useSession } from './session';
import { toggleTheme } from './theme';

function useOnline(): boolean {
    const [online, setOnline] = useState(navigator.onLine);
    useEffect(() => {
        const update = () => setOnline(navigator.onLine);
        window.addEventListener('online', update);
        window.addEventListener('offline', update);
        return () => {
            window.removeEventListener('online', update);
            window.removeEventListener('offline', update);
        };
    }, []);
    return online;
}

function Icon({ path }: { path: string }) {
    return (
        <svg
            viewBox="0 0 24 24"
            className="size-6"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.9"
            strokeLinecap="round"
            strokeLinejoin="round"
            aria-hidden
        >
            <path d={path} />
        </svg>
    );
}

function Navigation() {
    const { t } = useTranslation();
    const session = useSession();
    const items = [
        {
            to: '/',
            label: t('nav.home'),
            path: 'M3 7a3 3 0 0 1 3-3h8a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3zM17 10l4-2.500v9L17 14',
        },
        ...(session
            ? [
                  { to: '/conversas', label: t('nav.chats'), path: 'M4 5h16v11H9l-5 4z' },
                  { to: '/carteira', label: t('nav.wallet'), path: 'M3 7h16v12H3zM3 7l12-4v4M15 13h4' },
              ]
            : []),
        ...(session?.user.type === 'model'
            ? [
                  {
                      to: '/studio',
                      label: t('nav.studio'),
                      path: 'M12 4v8M8.500 9v3a3.500 3.500 0 0 0 7 0V6a3.500 3.500 0 0 0-7 0v3M5 12a7 7 0 0 0 14 0M12 19v2',
                  },
              ]
            : []),
    ];
    return (
        <nav
            aria-label={t('nav.main')}
            className="fixed inset-x-0 bottom-0 z-20 border-t border-line bg-panel/95 pb-[env(safe-area-inset-bottom)] backdrop-blur md:static md:border-0 md:bg-transparent md:p-0"
        >
            <ul className="flex justify-around md:gap-1">
                {items.map((item) => (
                    <li key={item.to}>
                        <NavLink
                            to={item.to}
                            end={item.to === '/'}
                            className={({ isActive }) =>
                                `flex min-h-14 min-w-16 flex-col items-center justify-center gap-0.5 rounded-full px-3 text-xs font-semibold md:min-h-11 md:flex-row md:gap-2 md:px-4 md:text-sm ${isActive ? 'text-accent md:bg-raised' : 'text-soft hover:text-ink'}`
                            }
                        >
                            <Icon path={item.path} />
                            {item.label}
                        </NavLink>
                    </li>
                ))}
            </ul>
        </nav>
    );
}

function BalanceChip() {
    const { data } = useWalletQuery();
    const { t } = useTranslation();
    if (!data) return null;
    return (
        <Link
            to="/carteira"
            aria-label={`${t('wallet.balance')}: ${data.balance} ${t('wallet.tokens')}`}
            className="hidden min-h-10 items-center gap-2 rounded-full bg-raised px-4 text-sm font-bold sm:inline-flex"
        >
            <span aria-hidden className="size-3 rounded-full bg-warn" />
            {formatTokens(data.balance)}
        </Link>
    );
}

function Header() {
    const { t } = useTranslation();
    const session = useSession();
    return (
        <header className="sticky top-0 z-20 border-b border-line bg-ground/90 backdrop-blur">
            <div className="mx-auto flex h-16 max-w-[100rem] items-center gap-2 px-4 md:px-8">
                <Link
                    to="/"
                    className="mr-auto flex items-center gap-2.5 text-lg font-extrabold tracking-tight md:mr-6"
                >
                    <img src="/favicon.svg" alt="" className="size-9" />
                    <span>Confidente</span>
                </Link>
                <Navigation />
                <div className="flex items-center gap-2 md:ml-auto">
                    {session && <BalanceChip />}
                    <button
                        type="button"
                        onClick={toggleTheme}
                        aria-label={t('theme.toggle')}
                        className="grid size-10 place-items-center rounded-full text-soft hover:bg-raised"
                    >
                        <Icon path="M20 14.500A8 8 0 0 1 9.500 4a8 8 0 1 0 10.500 10.500z" />
                    </button>
                    {session ? (
                        <Button kind="quiet" className="px-4 text-sm" onClick={() => tokens.save(null)}>
                            {t('nav.signOut')}
                        </Button>
                    ) : (
                        <>
                            <Link
                                to="/entrar"
                                className="hidden min-h-11 items-center px-3 font-semibold sm:inline-flex"
                            >
                                {t('nav.signIn')}
                            </Link>
                            <Link
                                to="/cadastrar"
                                className="inline-flex min-h-11 items-center rounded-full bg-accent px-5 font-semibold text-on-accent"
                            >
                                {t('nav.signUp')}
                            </Link>
                        </>
                    )}
                </div>
            </div>
        </header>
    );
}

export function App() {
    const { t } = useTranslation();
    const online = useOnline();
    return (
        <div className="min-h-dvh pb-20 md:pb-0">
            <a
                href="#content"
                className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-accent focus:p-3 focus:text-on-accent"
            >
                {t('nav.skip')}
            </a>
            <Header />
            {!online && (
                <p role="status" className="bg-warn px-4 py-2 text-center text-sm font-semibold text-black">
                    {t('state.offline')}
                </p>
            )}
            <main id="content" className="mx-auto max-w-[100rem] px-4 py-6 md:px-8">
                <Routes>
                    <Route path="/" element={<HomePage />} />
                    <Route path="/live/:id" element={<LivePage />} />
                    <Route path="/studio" element={<StudioPage />} />
                    <Route path="/conversas" element={<ChatsPage />} />
                    <Route path="/conversas/:chatId" element={<ChatPage />} />
                    <Route path="/carteira" element={<WalletPage />} />
                    <Route path="/modelo/:id" element={<ModelPage />} />
                    <Route path="/entrar" element={<SignIn />} />
                    <Route path="/cadastrar" element={<SignUp />} />
                    <Route
                        path="*"
                        element={
                            <Empty title={t('state.notFound')}>
                                <Link to="/" className="font-semibold text-accent underline">
                                    {t('state.backHome')}
                                </Link>
                            </Empty>
                        }
                    />
                </Routes>
            </main>
        </div>
    );
}
