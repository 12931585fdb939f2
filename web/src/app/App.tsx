// The addresses of the app. Pages that most visits do not need are fetched when they are opened.
import { I18nProvider, RouterProvider as AriaRouter } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { createBrowserRouter, Outlet, RouterProvider, useHref, useNavigate } from 'react-router';
import { RequireSignIn } from '@/features/auth/RequireSignIn';
import { HomePage } from '@/features/lives/HomePage';
import { Crash } from './Crash';
import { Layout } from './Layout';
import { NotFoundPage } from './NotFoundPage';

function Root() {
    const navigate = useNavigate();
    const { i18n } = useTranslation();
    return (
        <I18nProvider locale={i18n.language}>
            <AriaRouter navigate={(to) => void navigate(to)} useHref={useHref}>
                <Layout>
                    <Outlet />
                </Layout>
            </AriaRouter>
        </I18nProvider>
    );
}

const router = createBrowserRouter([
    {
        element: <Root />,
        children: [
            {
                errorElement: <Crash />,
                hydrateFallbackElement: <></>,
                children: [
                    { path: '/', element: <HomePage /> },
                    {
                        path: '/live/:id',
                        lazy: async () => ({
                            Component: (await import('@/features/lives/WatchPage')).WatchPage,
                        }),
                    },
                    {
                        path: '/modelo/:id',
                        lazy: async () => ({
                            Component: (await import('@/features/profiles/ModelPage')).ModelPage,
                        }),
                    },
                    {
                        path: '/entrar',
                        lazy: async () => ({
                            Component: (await import('@/features/auth/SignInPage')).SignInPage,
                        }),
                    },
                    {
                        path: '/cadastrar',
                        lazy: async () => ({
                            Component: (await import('@/features/auth/SignUpPage')).SignUpPage,
                        }),
                    },
                    {
                        path: '/esqueci-senha',
                        lazy: async () => ({
                            Component: (await import('@/features/auth/ForgotPasswordPage'))
                                .ForgotPasswordPage,
                        }),
                    },
                    {
                        path: '/redefinir-senha',
                        lazy: async () => ({
                            Component: (await import('@/features/auth/ResetPasswordPage')).ResetPasswordPage,
                        }),
                    },
                    {
                        element: <RequireSignIn />,
                        children: [
                            {
                                path: '/studio',
                                lazy: async () => ({
                                    Component: (await import('@/features/lives/studio/StudioPage'))
                                        .StudioPage,
                                }),
                            },
                            {
                                path: '/conversas/:chatId?',
                                lazy: async () => ({
                                    Component: (await import('@/features/chat/ChatsPage')).ChatsPage,
                                }),
                            },
                            {
                                path: '/carteira',
                                lazy: async () => ({
                                    Component: (await import('@/features/wallet/WalletPage')).WalletPage,
                                }),
                            },
                            {
                                path: '/conta',
                                lazy: async () => ({
                                    Component: (await import('@/features/profiles/AccountPage')).AccountPage,
                                }),
                            },
                        ],
                    },
                    { path: '*', element: <NotFoundPage /> },
                ],
            },
        ],
    },
]);

export function App() {
    return <RouterProvider router={router} />;
}
