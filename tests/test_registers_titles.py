"""Readers held to the titles under which the registers are published, in order, one and all."""

import pytest

from eit.tables import schema

IREP_SITES = (
    "identifiant;nom_etablissement;numero_siret;adresse;code_postal;commune;departement;region;"
    "coordonnees_x;coordonnees_y;code_epsg;code_ape;libelle_ape;code_eprtr;libelle_eprtr"
)
IREP_PRODUCED = (
    "identifiant;nom_etablissement;dechet;annee;code_operation_eliminatio_valorisation;"
    "libelle_operation_eliminatio_valorisation;code_departement;pays;code_dechet;libelle_dechet;"
    "quantite;unite"
)
IREP_TREATED = IREP_PRODUCED.replace("quantite", "quantite_admise;quantite_traitee")
SIRENE = (
    "siren,nic,siret,statutDiffusionEtablissement,dateCreationEtablissement,"
    "trancheEffectifsEtablissement,anneeEffectifsEtablissement,"
    "activitePrincipaleRegistreMetiersEtablissement,dateDernierTraitementEtablissement,"
    "etablissementSiege,nombrePeriodesEtablissement,complementAdresseEtablissement,"
    "numeroVoieEtablissement,indiceRepetitionEtablissement,dernierNumeroVoieEtablissement,"
    "indiceRepetitionDernierNumeroVoieEtablissement,typeVoieEtablissement,"
    "libelleVoieEtablissement,codePostalEtablissement,libelleCommuneEtablissement,"
    "libelleCommuneEtrangerEtablissement,distributionSpecialeEtablissement,"
    "codeCommuneEtablissement,codeCedexEtablissement,libelleCedexEtablissement,"
    "codePaysEtrangerEtablissement,libellePaysEtrangerEtablissement,"
    "identifiantAdresseEtablissement,coordonneeLambertAbscisseEtablissement,"
    "coordonneeLambertOrdonneeEtablissement,complementAdresse2Etablissement,"
    "numeroVoie2Etablissement,indiceRepetition2Etablissement,typeVoie2Etablissement,"
    "libelleVoie2Etablissement,codePostal2Etablissement,libelleCommune2Etablissement,"
    "libelleCommuneEtranger2Etablissement,distributionSpeciale2Etablissement,"
    "codeCommune2Etablissement,codeCedex2Etablissement,libelleCedex2Etablissement,"
    "codePaysEtranger2Etablissement,libellePaysEtranger2Etablissement,dateDebut,"
    "etatAdministratifEtablissement,enseigne1Etablissement,enseigne2Etablissement,"
    "enseigne3Etablissement,denominationUsuelleEtablissement,activitePrincipaleEtablissement,"
    "nomenclatureActivitePrincipaleEtablissement,caractereEmployeurEtablissement,"
    "activitePrincipaleNAF25Etablissement"
)
BAN = (
    "id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;"
    "code_insee_ancienne_commune;nom_ancienne_commune;x;y;lon;lat;type_position;alias;nom_ld;"
    "libelle_acheminement;nom_afnor;source_position;source_nom_voie;certification_commune;"
    "cad_parcelles"
)
SENDER = (
    "Expéditeur - Situation irrégulière;Expéditeur - N° d'identification;"
    "Expéditeur - Raison sociale;Expéditeur - Nom usuel;Expéditeur - Libellé adresse;"
    "Expéditeur - Code postal;Expéditeur - Commune;Expéditeur - Code pays;"
    "Expéditeur - Référence du chantier / lieu de collecte;"
    "Expéditeur - Libellé adresse du chantier / lieu de collecte;"
    "Expéditeur - Code postal du chantier / lieu de collecte;"
    "Expéditeur - Commune du chantier / lieu de collecte;"
    "Expéditeur - Code pays du chantier / lieu de collecte;Expéditeur - Contact;"
    "Entreprise de travaux - SIRET;Entreprise de travaux - Raison sociale;"
    "Entreprise de travaux - Libellé adresse;Entreprise de travaux - Code postal;"
    "Entreprise de travaux - Commune;Parcelle(s) - Commune(s);Parcelle(s) - Numéro(s);"
    "Éco-organisme - SIRET;Éco-organisme - Raison sociale;Courtier - SIRET;Négociant - SIRET;"
    "Transporteur - Mode de transport;"
    "Transporteur - SIRET ou n° de TVA intracommunautaire;Transporteur - Raison sociale;"
    "Transporteur - Libellé adresse;Transporteur - Code postal;Transporteur - Commune;"
    "Mention ADR;CAP;DAP;Destination - N° d'identification;Destination - Raison sociale;"
    "Destination - Nom usuel;Destination - Libellé adresse;Destination - Code postal;"
    "Destination - Commune;Destination - Contact;Statut d'acceptation du déchet;"
    "Quantité réceptionnée nette (tonnes);Quantité refusée nette (tonnes);"
    "Quantité acceptée / traitée nette (tonnes);Type de poids de la quantité traitée nette;"
    "Volume en M3 de la quantité traitée;Code opération prévu;Code(s) de traitement réalisé(s);"
    "Mode(s) de traitement réalisé(s);Rupture de traçabilité autorisée"
)
INCOMING = (
    "Source;identifiant unique;N° de bordereau;SIRET du déclarant;Date de création du bordereau;"
    "Date de dernière modification du bordereau;Date d'expédition;Date de réception;Heure de pesée;"
    "Date de réalisation du traitement;Type de bordereau;Sous-type de bordereau;"
    "Identifiant secondaire;Statut du bordereau;Dénomination usuelle;Code déchet;"
    "Code déchet Bâle;POP;Dangereux;Nombre d'unité(s);VHU électrique ou hybride;"
    "Émetteur - Quantité de déchet ;Producteur initial - N° d'identification;"
    "Producteur initial - Raison sociale;Producteur initial - Libellé adresse;"
    "Producteur initial - Code postal;Producteur initial - Commune;"
    "Producteur initial - Code pays;Producteur(s) - Code(s) INSEE de(s) commune(s);"
) + SENDER
BEFORE_2025 = (
    "N° de bordereau;Date de création du bordereau;Date de dernière modification du bordereau;"
    "Date d'expédition;Date de réception;Date de réalisation de l'opération;Type de bordereau;"
    "Sous-type;Identifiant secondaire;Statut du bordereau (code);Statut du bordereau;"
    "Dénomination usuelle;Code du déchet;Déchet dangereux;POP;Quantité de déchet;"
    "Producteur initial raison sociale;Producteur initial SIRET;Producteur initial adresse;"
    "Producteur initial Code postal;Producteur initial Commune;Producteur initial Pays;"
    "Expéditeur situation irrégulière;Expéditeur raison sociale;Expéditeur Nom usuel;"
    "Expéditeur SIRET;Expéditeur Adresse;Expéditeur Code postal;Expéditeur Commune;"
    "Expéditeur Pays;Nom du point de prise en charge;Prise en charge adresse;"
    "Prise en charge Code postal;Prise en charge Commune;Prise en charge Pays;"
    "Transporteur raison sociale;Transporteur adresse;Transporteur Code postal;"
    "Transporteur Commune;Destination raison sociale;Destination Nom usuel;Destination SIRET;"
    "Destination adresse;Destination Code postal;Destination Commune;Destination Pays;"
    "Statut d'acceptation du déchet;Quantité réceptionnée nette (tonnes);"
    "Quantité refusée nette (tonnes);Quantité acceptée / traitée nette (tonnes);"
    "Code opération prévu;Mode de traitement réalisé;Code opération réalisé;"
    "Rupture de traçabilité autorisée;Quantité finale (tonnes)"
)
PUBLISHED = {
    "IREP, sites": ("irep", IREP_SITES, ()),
    "IREP, waste produced": ("irep_waste", IREP_PRODUCED, ("admitted", "treated")),
    "IREP, waste treated": ("irep_waste", IREP_TREATED, ("quantity",)),
    "Sirene": ("sirene", SIRENE, ("lon", "lat")),
    "Base Adresse Nationale": ("addresses", BAN, ()),
    "Trackdéchets, incoming": ("trackdechets", INCOMING, ("estimated", "to_country")),
    "Trackdéchets, before 2025": ("trackdechets", BEFORE_2025, ("public_id", "estimated")),
}


@pytest.mark.parametrize("register", list(PUBLISHED))
def test_every_column_that_is_read_stands_under_a_published_title(register):
    name, header, absent = PUBLISHED[register]
    declared = schema(name)
    titles = header.split("," if ";" not in header else ";")
    found = [column.name for title in titles if (column := declared.recognise(title))]
    assert len(found) == len(set(found)), "two titles of one file for one column"
    assert set(declared.names) - set(found) == set(absent)
