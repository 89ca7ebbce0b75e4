"""The portal tells the ground floor how to find a person's roles and places, and lays its own entries on the desk."""

from django.apps import AppConfig

from dafeng.portal import form_words

form_words.lay()


class PortalConfig(AppConfig):
    name = "dafeng.portal"
    label = "portal"
    verbose_name = "门户"

    def ready(self) -> None:
        from dafeng.domains.inventory.services import register_defaults
        from dafeng.kernel.records.services import (
            register_affiliations,
            register_organisations,
            register_people,
            register_roles,
        )
        from dafeng.portal import jobs, navigation, start  # noqa: F401  (declares the portal's jobs and schedules)
        from dafeng.portal.accounts.services import affiliations_of, all_organisations, people_of, roles_of

        register_roles(roles_of)
        register_affiliations(affiliations_of)
        register_people(people_of)
        register_organisations(all_organisations)
        register_defaults(start.defaults_of)
        navigation.register()
