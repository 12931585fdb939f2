import a11y from 'eslint-plugin-jsx-a11y';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
    { ignores: ['dist', 'node_modules', '**/client/api/openapi.ts'] },
    ...tseslint.configs.strict,
    a11y.flatConfigs.recommended,
    {
        plugins: { 'react-hooks': hooks },
        rules: { 'react-hooks/rules-of-hooks': 'error', 'react-hooks/exhaustive-deps': 'error' },
    },
    {
        rules: {
            // The video is live: there are no captions to offer.
            'jsx-a11y/media-has-caption': 'off',
            // RTK Query says "no argument" with void; the rule sees type arguments of calls as something else.
            '@typescript-eslint/no-invalid-void-type': 'off',
            'no-console': 'error',
        },
    },
);
