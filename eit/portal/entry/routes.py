"""Addresses of the door."""

from fastapi import APIRouter

from eit.portal.entry import account, home, joining, oidc, signing

router = APIRouter()
for part in (signing, oidc, joining, account, home):
    router.include_router(part.router)
