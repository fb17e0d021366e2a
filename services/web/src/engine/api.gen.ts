// Made by `npm run api` from openapi.json.

export interface paths {
    "/api/users/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The caller's own profile
         * @description Return the caller's profile, made from the access token at the account's first call of any kind.
         *
         *     It follows what becomes of the account in the realm.
         */
        get: operations["get_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find people
         * @description Search people by name, in alphabetical order of what matched, or look several up by id, in the order of ids.
         *
         *     The caller is found like everyone else. E-mail addresses are neither searched nor shown.
         */
        get: operations["list_users"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One person by id
         * @description Return a person's public profile.
         */
        get: operations["get_user"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/bootstrap": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Everything for the first screen
         * @description Return the caller, their 30 newest chats and all pinned ones, and everyone named in these.
         *
         *     `next_cursor` continues `GET /api/chats` behind the 30 newest.
         */
        get: operations["bootstrap_api_bootstrap_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The caller's chats
         * @description Return a page of chats, newest activity first.
         */
        get: operations["list_chats_api_chats_get"];
        put?: never;
        /**
         * Create a chat
         * @description Create a group, or the private chat of the caller and another person, which exists at most once.
         */
        post: operations["create_chat_api_chats_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chats/{chat_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One chat
         * @description Return a chat with all its participants.
         */
        get: operations["get_chat_api_chats__chat_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Rename a group
         * @description Change a group's title; for the creator and admins.
         */
        patch: operations["rename_group_api_chats__chat_id__patch"];
        trace?: never;
    };
    "/api/chats/{chat_id}/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Mute or pin a chat
         * @description Change what only the caller sees; at most 10 chats are pinned. The caller's connections are told.
         */
        patch: operations["choose_settings_api_chats__chat_id__settings_patch"];
        trace?: never;
    };
    "/api/chats/{chat_id}/participants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add a participant
         * @description Add someone to a group, for the creator and admins; what was written before counts as read by them.
         */
        post: operations["add_participant_api_chats__chat_id__participants_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chats/{chat_id}/participants/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Appoint a participant
         * @description Make a participant an admin or a member again; for the creator.
         */
        put: operations["appoint_participant_api_chats__chat_id__participants__user_id__put"];
        post?: never;
        /**
         * Remove a participant or leave
         * @description Remove someone, for the creator and admins; everyone may remove oneself.
         */
        delete: operations["remove_participant_api_chats__chat_id__participants__user_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chats/{chat_id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a message
         * @description Append a message exactly once: after a 503 or a lost answer, repeat it with the same `client_id`.
         */
        post: operations["send_message_api_chats__chat_id__messages_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chats/{chat_id}/messages/{message_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a message for everyone
         * @description Take the text of a message away, for its sender and, in groups, the creator and admins.
         *
         *     It stays in its place, empty and marked as deleted. Deleting again changes nothing.
         */
        delete: operations["delete_message_api_chats__chat_id__messages__message_id__delete"];
        options?: never;
        head?: never;
        /**
         * Edit a message
         * @description Give the caller's own message another text; everyone in the chat is told. The same text again changes nothing.
         */
        patch: operations["edit_message_api_chats__chat_id__messages__message_id__patch"];
        trace?: never;
    };
    "/api/chats/{chat_id}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mark as read
         * @description Note that the caller has read everything up to a message; an older one than before changes nothing.
         */
        post: operations["mark_read_api_chats__chat_id__read_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chats/{chat_id}/messages/{message_id}/seen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who has seen a message
         * @description Return who of those in the chat, other than the sender, has read the message, newest first.
         *
         *     Who came after it was sent has it as read since then. In groups of more than 100 people only the number is told.
         */
        get: operations["list_readers_api_chats__chat_id__messages__message_id__seen_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/history/{chat_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The messages of a chat
         * @description Return messages in the order of their timestamps: by offset, by position next to a message, or around one.
         */
        get: operations["page_history_api_history__chat_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether all parts are ready
         * @description Ask every part of the system; no token is needed and nothing but names is told.
         */
        get: operations["healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Log in
         * @description Send the browser to Keycloak's login page and remember what it has to bring back.
         */
        get: operations["login"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Come back from Keycloak
         * @description Finish a login that this browser began; an error leads back as `?login_error=code`.
         */
        get: operations["callback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get a fresh access token
         * @description Renew the cookie of the access token; any number of calls at once make one call to Keycloak.
         */
        post: operations["refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log out on this device
         * @description End this session here and at Keycloak; without one there is nothing to do.
         */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where the caller is logged in
         * @description List browsers and native clients; this one comes first.
         */
        get: operations["list_sessions"];
        put?: never;
        post?: never;
        /**
         * Log out everywhere else
         * @description End all sessions of the caller but this one.
         */
        delete: operations["end_other_sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End one session
         * @description End one of the caller's sessions, here and at Keycloak.
         */
        delete: operations["end_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Me
         * @description The caller's own profile.
         */
        Me: {
            /**
             * Id
             * @description The account's id; it never changes.
             * @example 2
             */
            id: number;
            /**
             * Username
             * @description The login name at Keycloak.
             * @example alice
             */
            username: string;
            /**
             * Name
             * @description The name to show; the username where Keycloak knows none.
             * @example Alice Adams
             */
            name: string;
            /**
             * Email
             * @description For the owner's eyes only.
             * @example alice@example.org
             */
            email: string | null;
            /**
             * Roles
             * @description The realm roles in the access token, in alphabetical order.
             */
            roles: string[];
        };
        /**
         * User
         * @description A person as everyone may see them.
         */
        User: {
            /**
             * Id
             * @description The account's id; it never changes.
             * @example 2
             */
            id: number;
            /**
             * Username
             * @description The login name at Keycloak.
             * @example alice
             */
            username: string;
            /**
             * Name
             * @description The name to show; the username where Keycloak knows none.
             * @example Alice Adams
             */
            name: string;
        };
        /**
         * BootstrapBody
         * @description What a client shows first.
         */
        BootstrapBody: {
            me: components["schemas"]["PersonBody"];
            /**
             * Chats
             * @description Newest activity first: the 30 newest and all pinned ones. Their `participants` are both people of a private chat, and of a group the caller alone.
             */
            chats: components["schemas"]["ChatBody"][];
            /**
             * Next Cursor
             * @description Continues `GET /api/chats` behind the 30 newest; null at the end.
             */
            next_cursor: string | null;
            /**
             * Users
             * @description The caller and everyone named in `chats`.
             */
            users: components["schemas"]["PersonBody"][];
            /**
             * Server Time
             * Format: date-time
             */
            server_time: string;
        };
        /**
         * ChatBody
         * @description A chat as the caller sees it.
         */
        ChatBody: {
            /** Id */
            id: number;
            /**
             * Type
             * @enum {string}
             */
            type: "private" | "group";
            /**
             * Title
             * @description Null in private chats.
             */
            title: string | null;
            /** Creator Id */
            creator_id: number;
            /**
             * Participants
             * @description In lists at most 200, the caller first; complete where one chat is asked for.
             */
            participants: components["schemas"]["ParticipantBody"][];
            /** Participant Count */
            participant_count: number;
            /** @description The newest that is not deleted. */
            last_message: components["schemas"]["MessageBody"] | null;
            /**
             * Unread Count
             * @description Messages of others behind the caller's mark.
             */
            unread_count: number;
            /**
             * Version
             * @description Grows by one with every message, edit, deletion and change of the chat.
             */
            version: number;
            /**
             * Read By All Up To
             * @description Id of the message up to which everyone has read, 0 for none.
             */
            read_by_all_up_to: number;
            /**
             * Read Up To
             * @description Id of the last message that the caller has read, 0 for none.
             */
            read_up_to: number;
            /**
             * Muted
             * @description The caller's own choice, as `pinned` is.
             */
            muted: boolean;
            /** Pinned */
            pinned: boolean;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             * @description Time of the newest message or change of the chat itself; orders the list.
             */
            updated_at: string;
        };
        /**
         * ChatPage
         * @description A page of the caller's chats.
         */
        ChatPage: {
            /** Items */
            items: components["schemas"]["ChatBody"][];
            /**
             * Next Cursor
             * @description Pass as `cursor` for the next page; null on the last.
             */
            next_cursor: string | null;
        };
        /**
         * MessageBody
         * @description A message as its reader may see it.
         */
        MessageBody: {
            /** Id */
            id: number;
            /** Chat Id */
            chat_id: number;
            /** Sender Id */
            sender_id: number;
            /** Text */
            text: string;
            /**
             * Timestamp
             * Format: date-time
             */
            timestamp: string;
            /**
             * Is Read
             * @description Whether everyone in the chat other than the sender has read it.
             */
            is_read: boolean;
            /**
             * Reply To Id
             * @description The message that this one answers.
             */
            reply_to_id: number | null;
            /** @description Null when this is no reply, or what it answers was deleted. */
            reply_to: components["schemas"]["QuoteBody"] | null;
            /**
             * Edited At
             * @description Null when it is as it was sent.
             */
            edited_at: string | null;
            /**
             * Deleted
             * @description Its text is empty then, and stays so.
             */
            deleted: boolean;
            /**
             * Client Id
             * @description Only in the sender's own messages.
             */
            client_id?: string | null;
        };
        /**
         * NewGroup
         * @description A group with a title.
         */
        NewGroup: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "group";
            /**
             * Title
             * @description 1 to 128 characters after trimming.
             * @example Weekend
             */
            title: string;
            /**
             * Participant Ids
             * @description The other people; repetitions and the creator are ignored.
             * @example [
             *       2,
             *       3
             *     ]
             */
            participant_ids: number[];
        };
        /**
         * NewMessage
         * @description A message; the same `client_id` again is answered with the same message.
         */
        NewMessage: {
            /**
             * Client Id
             * Format: uuid
             * @description Chosen by the client, once per message.
             * @example 7d4f1c9e-2f0b-4c53-9a51-0d6f3a1f9b11
             */
            client_id: string;
            /**
             * Text
             * @description 1 to 4096 characters after trimming.
             * @example hi
             */
            text: string;
            /**
             * Reply To Id
             * @description The message of this chat that this one answers.
             */
            reply_to_id?: number | null;
        };
        /**
         * NewParticipant
         * @description Whom to add.
         */
        NewParticipant: {
            /**
             * User Id
             * @example 4
             */
            user_id: number;
        };
        /**
         * NewPrivateChat
         * @description A chat of two; the pair has at most one.
         */
        NewPrivateChat: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "private";
            /**
             * User Id
             * @description The other person.
             * @example 2
             */
            user_id: number;
        };
        /**
         * NewRole
         * @description What a participant shall be from now on.
         */
        NewRole: {
            /**
             * Role
             * @enum {string}
             */
            role: "admin" | "member";
        };
        /**
         * NewSettings
         * @description What the caller chooses for a chat; what is absent or null stays as it is.
         */
        NewSettings: {
            /**
             * Muted
             * @description Whether clients shall keep quiet about the chat.
             */
            muted?: boolean | null;
            /**
             * Pinned
             * @description Whether the chat stands first in the caller's list.
             */
            pinned?: boolean | null;
        };
        /**
         * NewText
         * @description Another text for a message.
         */
        NewText: {
            /**
             * Text
             * @description 1 to 4096 characters after trimming.
             * @example hi!
             */
            text: string;
        };
        /**
         * NewTitle
         * @description Another title for a group.
         */
        NewTitle: {
            /**
             * Title
             * @description 1 to 128 characters after trimming.
             * @example Weekend at the lake
             */
            title: string;
        };
        /**
         * ParticipantBody
         * @description Someone in a chat.
         */
        ParticipantBody: {
            /** User Id */
            user_id: number;
            /**
             * Role
             * @enum {string}
             */
            role: "creator" | "admin" | "member";
            /**
             * Last Read Message Id
             * @description 0 when nothing has been read yet.
             */
            last_read_message_id: number;
        };
        /**
         * PersonBody
         * @description A person by name.
         */
        PersonBody: {
            /** Id */
            id: number;
            /** Username */
            username: string;
            /** Name */
            name: string;
        };
        /**
         * QuoteBody
         * @description The message that a reply answers.
         */
        QuoteBody: {
            /** Id */
            id: number;
            /** Sender Id */
            sender_id: number;
            /**
             * Text
             * @description Its first 120 characters.
             */
            text: string;
        };
        /**
         * ReadMark
         * @description How far the caller has read.
         */
        ReadMark: {
            /**
             * Message Id
             * @example 17
             */
            message_id: number;
        };
        /**
         * ReaderBody
         * @description Someone who has read a message.
         */
        ReaderBody: {
            /** User Id */
            user_id: number;
            /**
             * At
             * Format: date-time
             */
            at: string;
        };
        /**
         * ReadersBody
         * @description Who has read a message and who has not, its sender left out.
         */
        ReadersBody: {
            /**
             * Count
             * @description How many have read it.
             */
            count: number;
            /**
             * Seen
             * @description Newest first; null in groups of more than 100.
             */
            seen: components["schemas"]["ReaderBody"][] | null;
            /**
             * Not Seen
             * @description User ids; null in groups of more than 100.
             */
            not_seen: number[] | null;
        };
        /** HTTPValidationError */
        HTTPValidationError: {
            /** Detail */
            detail?: components["schemas"]["ValidationError"][];
        };
        /**
         * Health
         * @description All parts are ready, each by its name.
         */
        Health: {
            /**
             * Status
             * @constant
             */
            status: "ready";
            /** Parts */
            parts: {
                [key: string]: boolean;
            };
        };
        /**
         * Refresh
         * @description The new access token is in its cookie.
         */
        Refresh: {
            /**
             * Expires In
             * @description Seconds until the access token expires.
             * @example 300
             */
            expires_in: number;
        };
        /**
         * SessionItem
         * @description One login of the caller.
         */
        SessionItem: {
            /**
             * Id
             * @description What `DELETE /auth/sessions/{id}` takes.
             */
            id: string;
            /**
             * Device
             * @description What the browser says it is; a native client's id.
             * @example Firefox on Linux
             */
            device: string;
            /**
             * Address
             * @description The address it was last used from.
             * @example 192.0.2.7
             */
            address: string | null;
            /**
             * Client
             * @description `gateway` for browsers, otherwise the client's id.
             * @example gateway
             */
            client: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Last Used At
             * Format: date-time
             */
            last_used_at: string;
            /**
             * Current
             * @description Whether this call came from it.
             */
            current: boolean;
        };
        /** ValidationError */
        ValidationError: {
            /** Location */
            loc: (string | number)[];
            /** Message */
            msg: string;
            /** Error Type */
            type: string;
            /** Input */
            input?: unknown;
            /** Context */
            ctx?: Record<string, never>;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description No valid access token, or its owner's account is disabled or deleted. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The service cannot answer now; `Retry-After` says when to ask. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    list_users: {
        parameters: {
            query?: {
                /** @description The beginning of a username or of any word of a name, case ignored; 1 to 64 characters after trimming. No character is a wildcard. */
                query?: string | null;
                /** @description Up to 100 ids with commas between; those without an account are left out. */
                ids?: string | null;
                /** @description At most so many people; only for `query`. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"][];
                };
            };
            /** @description No valid access token, or its owner's account is disabled or deleted. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Not exactly one of `query` and `ids`, or one of them malformed. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description More than 30 searches a minute; `Retry-After` says when the next may come. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The service cannot answer now; `Retry-After` says when to ask. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The account's id. */
                user_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description No valid access token, or its owner's account is disabled or deleted. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description No account has this id. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The id is no positive integer below 2^53. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The service cannot answer now; `Retry-After` says when to ask. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    bootstrap_api_bootstrap_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BootstrapBody"];
                };
            };
            /** @description No valid access token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Something in the request is malformed; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    list_chats_api_chats_get: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatPage"];
                };
            };
            /** @description No valid access token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Something in the request is malformed; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    create_chat_api_chats_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPrivateChat"] | components["schemas"]["NewGroup"];
            };
        };
        responses: {
            /** @description The pair had a chat already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatBody"];
                };
            };
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatBody"];
                };
            };
            /** @description No valid access token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such chat, message or person, or the caller may not see it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is longer than 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Something in the request is malformed; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Too many requests; `Retry-After` says in how many seconds to try again. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_chat_api_chats__chat_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The chat's id. */
                chat_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatBody"];
                };
            };
            /** @description No valid access token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such chat, message or person, or the caller may not see it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Something in the request is malformed; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    rename_group_api_chats__chat_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The chat's id. */
                chat_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTitle"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatBody"];
                };
            };
            /** @description No valid access token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The caller is in the chat, but may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such chat, message or person, or the caller may not see it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is longer than 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Something in the request is malformed; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    choose_settings_api_chats__chat_id__settings_patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The chat's id. */
                chat_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSettings"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatBody"];
                };
            };
            /** @description No valid access token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such chat, message or person, or the caller may not see it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description What is asked contradicts what is there; `detail` says what. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is longer than 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Something in the request is malformed; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    add_participant_api_chats__chat_id__participants_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The chat's id. */
                chat_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewParticipant"];
            };
        };
        responses: {
            /** @description The person was in the chat already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatBody"];
                };
            };
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatBody"];
                };
            };
            /** @description No valid access token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The caller is in the chat, but may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such chat, message or person, or the caller may not see it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is longer than 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Something in the request is malformed; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    appoint_participant_api_chats__chat_id__participants__user_id__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The chat's id. */
                chat_id: number;
                /** @description The participant's user id. */
                user_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRole"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatBody"];
                };
            };
            /** @description No valid access token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The caller is in the chat, but may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such chat, message or person, or the caller may not see it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is longer than 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Something in the request is malformed; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    remove_participant_api_chats__chat_id__participants__user_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The chat's id. */
                chat_id: number;
                /** @description The participant's user id. */
                user_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No valid access token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The caller is in the chat, but may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such chat, message or person, or the caller may not see it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Something in the request is malformed; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    send_message_api_chats__chat_id__messages_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The chat's id. */
                chat_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMessage"];
            };
        };
        responses: {
            /** @description This `client_id` had been sent already: the same message. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description No valid access token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such chat, message or person, or the caller may not see it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description What is asked contradicts what is there; `detail` says what. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is longer than 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Something in the request is malformed; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Too many requests; `Retry-After` says in how many seconds to try again. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    delete_message_api_chats__chat_id__messages__message_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The chat's id. */
                chat_id: number;
                /** @description The message's id. */
                message_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No valid access token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The caller is in the chat, but may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such chat, message or person, or the caller may not see it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Something in the request is malformed; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Too many requests; `Retry-After` says in how many seconds to try again. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    edit_message_api_chats__chat_id__messages__message_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The chat's id. */
                chat_id: number;
                /** @description The message's id. */
                message_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewText"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description No valid access token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The caller is in the chat, but may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such chat, message or person, or the caller may not see it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description What is asked contradicts what is there; `detail` says what. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is longer than 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Something in the request is malformed; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Too many requests; `Retry-After` says in how many seconds to try again. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    mark_read_api_chats__chat_id__read_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The chat's id. */
                chat_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReadMark"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No valid access token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such chat, message or person, or the caller may not see it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is longer than 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Something in the request is malformed; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    list_readers_api_chats__chat_id__messages__message_id__seen_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The chat's id. */
                chat_id: number;
                /** @description The message's id. */
                message_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadersBody"];
                };
            };
            /** @description No valid access token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such chat, message or person, or the caller may not see it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Something in the request is malformed; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    page_history_api_history__chat_id__get: {
        parameters: {
            query?: {
                limit?: number;
                /** @description How many messages to skip, counted in `order`. */
                offset?: number;
                /** @description `asc`: oldest first; `desc`: newest first. */
                order?: "asc" | "desc";
                /** @description The messages right before this one. */
                before_id?: number | null;
                /** @description The messages right after this one. */
                after_id?: number | null;
                /** @description This message, with about half of the page before it. */
                around_id?: number | null;
            };
            header?: never;
            path: {
                /** @description The chat's id. */
                chat_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"][];
                };
            };
            /** @description No valid access token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such chat, message or person, or the caller may not see it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Something in the request is malformed; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description The parts that are not ready, in `detail` and in `parts`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    login: {
        parameters: {
            query?: {
                /** @description A path of this site to come back to. */
                return_to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `return_to` is no path of this site. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    callback: {
        parameters: {
            query?: {
                state?: string;
                code?: string;
                error?: string;
                iss?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description This browser began no such login: a page that says so. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": unknown;
                };
            };
            /** @description A parameter is too long. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    refresh: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refresh"];
                };
            };
            /** @description No session, or it has ended: `reason` is logout, revoked, evicted, expired or null. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The header `X-CSRF: 1` or our own `Origin` is missing. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Keycloak or the database is away; the session stays. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it has ended: `reason` is logout, revoked, evicted, expired or null. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The header `X-CSRF: 1` or our own `Origin` is missing. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Keycloak or the database is away; the session stays. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    list_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionItem"][];
                };
            };
            /** @description No session, or it has ended: `reason` is logout, revoked, evicted, expired or null. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The header `X-CSRF: 1` or our own `Origin` is missing. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Keycloak or the database is away; the session stays. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    end_other_sessions: {
        parameters: {
            query?: {
                others?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it has ended: `reason` is logout, revoked, evicted, expired or null. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The header `X-CSRF: 1` or our own `Origin` is missing. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Only `others=true` is allowed. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Keycloak or the database is away; the session stays. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    end_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description From the list. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it has ended: `reason` is logout, revoked, evicted, expired or null. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The header `X-CSRF: 1` or our own `Origin` is missing. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description The caller has no such session. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
            /** @description Keycloak or the database is away; the session stays. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
}
